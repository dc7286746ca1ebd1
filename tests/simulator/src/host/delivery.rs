//! Queue triggers: messages to functions, and what becomes of a message afterwards.
//!
//! Responsible for: parallelism, retries after `visibilityTimeout`, and poison queues.
//!
//! Not responsible for: where and how messages are kept (`queue`).

use super::envelope;
use super::function::{Function, Trigger};
use super::invoke::{Invocation, InvocationOutcome};
use super::queue::{Delivery, LEASE, QueueMessage};
use super::{Host, Inner};
use anyhow::{Context, Result, ensure};
use tokio::sync::SemaphorePermit;

const POISON: &str = "-poison";
/// The longest name that a queue can have.
const LONGEST_NAME: usize = 63;

impl Host {
    /// Puts a message text into a queue, stored as host.json says.
    pub async fn enqueue(&self, queue: &str, text: &str) -> Result<()> {
        self.0.put(queue, text.into()).await
    }

    /// Puts a message into a queue as it is, whatever host.json says of its encoding.
    pub async fn enqueue_stored(&self, queue: &str, stored: &str) -> Result<()> {
        self.0.queues.put(queue, stored.to_owned()).await
    }

    /// The messages that lie in a queue: in memory those included that are invisible; in Azurite the first 32 visible
    /// ones, which is all that Storage shows without taking them.
    pub async fn messages(&self, queue: &str) -> Result<Vec<QueueMessage>> {
        self.0.queues.list(queue, self.0.config.queues.encoding).await
    }

    /// Delivers the oldest visible message of a queue to the function that it triggers, and waits for the outcome.
    /// `None` if no message is visible. At most as many as host.json allows are delivered at a time; more wait.
    pub async fn deliver_next(&self, queue: &str) -> Result<Option<Invocation>> {
        let (function, binding) = self.0.triggered_by(queue)?;
        let _slot = self.0.slot(queue).await?;
        loop {
            self.0.ensure_running()?;
            let Some(message) = self.0.queues.take(queue).await? else {
                return Ok(None);
            };
            if message.dequeue_count <= self.0.config.queues.max_dequeue_count {
                return Ok(Some(self.0.deliver(function, binding, queue, &message).await?));
            }
            self.0.give_up(queue, &message).await?;
        }
    }

    /// Delivers what is visible in all queues that trigger a function, and what that brings forth, until nothing is
    /// visible any more. An error if that takes more than `max_steps` deliveries.
    pub async fn drain(&self, max_steps: usize) -> Result<Vec<Invocation>> {
        let mut invocations = Vec::new();
        self.drain_into(&mut invocations, max_steps).await?;
        Ok(invocations)
    }

    /// Like [`drain`](Self::drain), but where messages wait for their time it moves the clock there and goes on, until
    /// the queues are empty. An error with queues that do not follow that clock.
    pub async fn drain_advancing(&self, max_steps: usize) -> Result<Vec<Invocation>> {
        let mut invocations = Vec::new();
        loop {
            self.drain_into(&mut invocations, max_steps).await?;
            let Some(next) = self.0.next_visible()? else {
                return Ok(invocations);
            };
            if next > self.0.clock.now() {
                self.0.clock.set(next);
            }
        }
    }

    async fn drain_into(&self, invocations: &mut Vec<Invocation>, max_steps: usize) -> Result<()> {
        loop {
            let mut waiting = Vec::new();
            for queue in self.0.slots.keys() {
                match self.0.queues.visible(queue).await? {
                    0 => {}
                    visible => waiting.push((queue, visible)),
                }
            }
            if waiting.is_empty() {
                return Ok(());
            }
            for (queue, visible) in waiting {
                let left = max_steps - invocations.len();
                ensure!(left > 0, "{max_steps} deliveries did not empty the queues");
                let deliveries = (0..visible.min(left)).map(|_| self.deliver_next(queue));
                for delivered in futures::future::join_all(deliveries).await {
                    invocations.extend(delivered?);
                }
            }
        }
    }
}

impl Inner {
    /// Puts a message into a queue, stored as host.json says.
    pub(super) async fn put(&self, queue: &str, text: Vec<u8>) -> Result<()> {
        let stored = self.config.queues.encoding.encode(text)?;
        self.queues.put(queue, stored).await
    }

    /// The function that a queue triggers, and its name for the message.
    fn triggered_by(&self, name: &str) -> Result<(&Function, &str)> {
        let mut functions = self.functions.iter();
        functions
            .find_map(|function| match &function.trigger {
                Trigger::Queue { binding, queue } if queue == name => Some((function, binding.as_str())),
                _ => None,
            })
            .with_context(|| format!("no function is triggered by the queue {name}"))
    }

    async fn slot(&self, queue: &str) -> Result<SemaphorePermit<'_>> {
        let slots = self.slots.get(queue);
        Ok(slots.context("no function")?.acquire().await?)
    }

    fn next_visible(&self) -> Result<Option<jiff::Timestamp>> {
        let triggers = self.slots.keys();
        let next: Vec<_> = triggers.map(|queue| self.queues.next_visible(queue)).collect::<Result<_>>()?;
        Ok(next.into_iter().flatten().min())
    }

    async fn deliver(&self, function: &Function, binding: &str, queue: &str, message: &Delivery) -> Result<Invocation> {
        let _lease = Lease(self, queue, message);
        let invocation = match self.config.queues.encoding.decode(&message.stored) {
            Ok(text) => {
                let (data, metadata) = envelope::queue(message, &text);
                let now = self.clock.now();
                let envelope = envelope::envelope(&function.name, now, binding, data, metadata);
                self.invoke(function, &envelope).await.0
            }
            Err(error) => {
                let mut invocation = self.invocation(&function.name);
                invocation.outcome = InvocationOutcome::Failed(format!("{error:#}"));
                self.record(&invocation);
                invocation
            }
        };
        if invocation.succeeded() {
            self.queues.delete(queue, message).await?;
        } else if message.dequeue_count >= self.config.queues.max_dequeue_count {
            self.give_up(queue, message).await?;
        } else {
            let delay = match poison_queue(queue) {
                Some(_) => self.config.queues.visibility_timeout,
                // The host leaves such a message leased, against a fast endless loop.
                None => LEASE.unsigned_abs(),
            };
            self.queues.release(queue, message, delay).await?;
        }
        Ok(invocation)
    }

    /// Moves a message to the poison queue; without one it stays where it is, unseen.
    async fn give_up(&self, queue: &str, message: &Delivery) -> Result<()> {
        let Some(poison) = poison_queue(queue) else {
            return self.queues.abandon(queue, message).await;
        };
        self.queues.put(&poison, message.stored.clone()).await?;
        self.queues.delete(queue, message).await
    }
}

/// The hold on a message under way. A delivery that a test breaks off is a host that died: nobody renews the lease, and
/// the message comes back when it has run out.
struct Lease<'a>(&'a Inner, &'a str, &'a Delivery);

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let Self(host, queue, message) = self;
        host.queues.lapse(queue, message);
    }
}

/// Where messages of a queue go that failed too often. A poison queue has none itself.
fn poison_queue(queue: &str) -> Option<String> {
    let has_one = !queue.ends_with(POISON) && queue.len() + POISON.len() <= LONGEST_NAME;
    has_one.then(|| format!("{queue}{POISON}"))
}
