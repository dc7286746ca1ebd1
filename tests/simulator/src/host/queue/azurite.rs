//! Queues in Azurite, by the official SDK.
//!
//! Responsible for: what the real host asks of Queue Storage, in the same requests, and signing them with the account
//! key that is in Azurite's documentation.
//!
//! Not responsible for: any other account. Endpoints that are not on this machine are refused.

use super::super::config::MessageEncoding;
use super::{Delivery, LEASE, QueueMessage, Queues};
use anyhow::{Context, Result, bail, ensure};
use async_trait::async_trait;
use azure_core::http::{ClientOptions, RetryOptions, StatusCode, Transport};
use azure_core::time::OffsetDateTime;
use azure_storage_queue::models::{
    QueueClientPeekMessagesOptions, QueueClientReceiveMessagesOptions, QueueMessage as NewMessage, ReceivedMessage,
};
use azure_storage_queue::{QueueClient, QueueServiceClient, QueueServiceClientOptions};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;
use std::sync::Arc;
use std::time::Duration;
use url::{Host, Url};

const ACCOUNT: &str = "devstoreaccount1";
const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
/// The most that Storage shows at a time.
const PEEKED: i32 = 32;

/// The queues of the development account.
pub(super) struct AzuriteQueues(QueueServiceClient);

impl AzuriteQueues {
    /// The queues at the account's address.
    pub(super) fn new(endpoint: &str, client: &reqwest::Client) -> Result<Self> {
        let mut url = Url::parse(endpoint).with_context(|| format!("the queue endpoint {endpoint}"))?;
        ensure!(
            url.scheme() == "http" && is_loopback(&url) && url.path() == format!("/{ACCOUNT}"),
            "the queue endpoint {endpoint} is not http://127.0.0.1:PORT/{ACCOUNT}"
        );
        // Over http the SDK sends no token, and it knows no account keys; what is in the address it leaves alone.
        url.set_query(Some(&signature()?));
        let client_options = ClientOptions {
            transport: Some(Transport::new(Arc::new(client.clone()))),
            // On this machine nothing is lost on the way: what fails once is an error.
            retry: RetryOptions::none(),
            ..ClientOptions::default()
        };
        let options = QueueServiceClientOptions { client_options, ..QueueServiceClientOptions::default() };
        Ok(Self(QueueServiceClient::new(url, None, Some(options))?))
    }

    fn queue(&self, name: &str) -> Result<QueueClient> {
        Ok(self.0.queue_client(name)?)
    }
}

#[async_trait]
impl Queues for AzuriteQueues {
    async fn put(&self, queue: &str, stored: String) -> Result<()> {
        let client = self.queue(queue)?;
        let message = NewMessage { message_text: Some(stored) };
        if present(client.send_message(message.clone().try_into()?, None).await)?.is_none() {
            client.create(None).await.with_context(|| format!("making the queue {queue}"))?;
            client.send_message(message.try_into()?, None).await.with_context(|| format!("the queue {queue}"))?;
        }
        Ok(())
    }

    async fn take(&self, queue: &str) -> Result<Option<Delivery>> {
        let visibility_timeout = Some(seconds(LEASE.unsigned_abs())?);
        let options = QueueClientReceiveMessagesOptions { visibility_timeout, ..Default::default() };
        let Some(received) = present(self.queue(queue)?.receive_messages(Some(options)).await)? else {
            return Ok(None);
        };
        let message = received.into_model()?.items.into_iter().flatten().next();
        message.map(Delivery::try_from).transpose()
    }

    async fn delete(&self, queue: &str, message: &Delivery) -> Result<()> {
        self.queue(queue)?.delete_message(&message.id.to_string(), &message.pop_receipt, None).await?;
        Ok(())
    }

    async fn release(&self, queue: &str, message: &Delivery, delay: Duration) -> Result<()> {
        let (id, delay) = (message.id.to_string(), seconds(delay)?);
        self.queue(queue)?.update_message(&id, &message.pop_receipt, delay, None).await?;
        Ok(())
    }

    /// The real host does nothing either: the lease runs out, and whoever takes the message then abandons it again.
    async fn abandon(&self, _queue: &str, _message: &Delivery) -> Result<()> {
        Ok(())
    }

    /// Nobody renews a lease here.
    fn lapse(&self, _queue: &str, _message: &Delivery) {}

    async fn visible(&self, queue: &str) -> Result<usize> {
        Ok(self.list(queue, MessageEncoding::None).await?.len())
    }

    fn next_visible(&self, _queue: &str) -> Result<Option<Timestamp>> {
        bail!("queues in Azurite follow the real clock, which no test can move to a message's next time")
    }

    async fn list(&self, queue: &str, encoding: MessageEncoding) -> Result<Vec<QueueMessage>> {
        let options = QueueClientPeekMessagesOptions { number_of_messages: Some(PEEKED), ..Default::default() };
        let Some(peeked) = present(self.queue(queue)?.peek_messages(Some(options)).await)? else {
            return Ok(Vec::new());
        };
        let messages = peeked.into_model()?.items.into_iter().flatten();
        messages
            .map(|message| {
                let stored = message.message_text.unwrap_or_default();
                Ok(QueueMessage {
                    id: message.message_id.context("no MessageId")?.parse()?,
                    text: encoding.decode(&stored).ok(),
                    dequeue_count: message.dequeue_count.context("no DequeueCount")?.try_into()?,
                    visible_at: None,
                })
            })
            .collect()
    }
}

impl TryFrom<ReceivedMessage> for Delivery {
    type Error = anyhow::Error;

    fn try_from(message: ReceivedMessage) -> Result<Self> {
        Ok(Self {
            id: message.message_id.context("no MessageId")?.parse()?,
            stored: message.message_text.unwrap_or_default(),
            dequeue_count: message.dequeue_count.context("no DequeueCount")?.try_into()?,
            pop_receipt: message.pop_receipt.context("no PopReceipt")?,
            inserted: timestamp(message.insertion_time.context("no InsertionTime")?)?,
            expires: timestamp(message.expiration_time.context("no ExpirationTime")?)?,
            next_visible: timestamp(message.time_next_visible.context("no TimeNextVisible")?)?,
        })
    }
}

/// `None` if there is no such queue, which is an empty one to whoever reads.
fn present<T>(answer: azure_core::Result<T>) -> Result<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.http_status() == Some(StatusCode::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn seconds(duration: Duration) -> Result<i32> {
    Ok(duration.as_secs().try_into()?)
}

/// Storage's times have whole seconds.
fn timestamp(time: OffsetDateTime) -> Result<Timestamp> {
    Ok(Timestamp::from_second(time.unix_timestamp())?)
}

/// An account SAS: the query that allows everything with queues and messages. It need not expire, as its key is public.
fn signature() -> Result<String> {
    let (version, services, types, permissions) = ("2019-12-12", "q", "sco", "rwdlacup");
    let (expiry, protocols) = ("2100-01-01T00:00:00Z", "https,http");
    // Empty: the start, and the addresses from which it may be used.
    let signed = format!("{ACCOUNT}\n{permissions}\n{services}\n{types}\n\n{expiry}\n\n{protocols}\n{version}\n");
    let mut mac = Hmac::<Sha256>::new_from_slice(&STANDARD.decode(KEY)?)?;
    mac.update(signed.as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    Ok(url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("sv", version), ("ss", services), ("srt", types), ("sp", permissions)])
        .extend_pairs([("se", expiry), ("spr", protocols), ("sig", signature.as_str())])
        .finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_that_are_not_the_development_account_on_this_machine_are_refused() {
        let client = reqwest::Client::new();
        for endpoint in ["http://127.0.0.1:10001/devstoreaccount1", "http://[::1]:10001/devstoreaccount1"] {
            AzuriteQueues::new(endpoint, &client).map(drop).unwrap();
        }
        for endpoint in [
            "https://usher.queue.core.windows.net",
            "http://192.0.2.1:10001/devstoreaccount1",
            "http://127.0.0.1:10001/other",
            "127.0.0.1:10001",
        ] {
            let error = AzuriteQueues::new(endpoint, &client).map(drop).unwrap_err();
            assert!(error.to_string().contains(endpoint), "{error}");
        }
    }
}
