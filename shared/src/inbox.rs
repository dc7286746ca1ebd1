//! What is asked of the writer: one document per job, so that any number of requests for the same job are one.
//!
//! Responsible for: recording requests, and clearing one only if it is still the one that was served. Messages on a queue
//! only wake; they say nothing, and losing or repeating one changes nothing. Not responsible for: doing it; see
//! [`crate::run`].

use crate::journal::record::Job;
use crate::state::{Documents, ETag, StateError, Store, Versioned};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A job that shall be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Which.
    pub job: Job,
    /// When it was asked for.
    pub requested: Timestamp,
    /// When a timer's tick was due by its schedule, if a timer asked.
    pub due: Option<Timestamp>,
}

impl Versioned for Request {
    const VERSION: u32 = 1;
}

/// The jobs in the order in which they are served: the quick path waits for nothing.
const ORDER: [Job; 2] = [Job::Invite, Job::Reconcile];

/// Records a request. One that waits already is replaced by the newer.
///
/// # Errors
/// When the store fails.
pub async fn ask(store: &dyn Store, request: &Request) -> Result<(), StateError> {
    let name = name_of(request.job);
    let documents = Documents(store);
    loop {
        let waiting = documents.get::<Request>(&name).await?;
        match documents.put(&name, request, waiting.as_ref().map(|(_, etag)| etag)).await {
            Ok(_) => return Ok(()),
            // Somebody asked or served at the same moment; look again.
            Err(StateError::Exists(_) | StateError::Changed(_)) => {}
            Err(error) => return Err(error),
        }
    }
}

/// The next request, with the version that [`served`] clears; with `behind` only among the jobs that come after it.
///
/// # Errors
/// When the store fails.
pub async fn next(store: &dyn Store, behind: Option<Job>) -> Result<Option<(Request, ETag)>, StateError> {
    let skipped = behind.and_then(|behind| ORDER.iter().position(|job| *job == behind)).map_or(0, |place| place + 1);
    for job in ORDER.into_iter().skip(skipped) {
        if let Some(waiting) = Documents(store).get(&name_of(job)).await? {
            return Ok(Some(waiting));
        }
    }
    Ok(None)
}

/// Whether something is asked that comes before `job`.
///
/// # Errors
/// When the store fails.
pub async fn is_more_urgent_asked(store: &dyn Store, job: Job) -> Result<bool, StateError> {
    for earlier in ORDER.into_iter().take_while(|earlier| *earlier != job) {
        if store.get(&name_of(earlier)).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Clears a request that was served, unless the job was asked for again meanwhile.
///
/// # Errors
/// When the store fails.
pub async fn served(store: &dyn Store, request: &Request, etag: &ETag) -> Result<(), StateError> {
    match store.remove(&name_of(request.job), etag).await {
        Err(StateError::Changed(_)) => Ok(()),
        other => other,
    }
}

fn name_of(job: Job) -> String {
    format!("inbox/{job}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::memory::MemoryStore;

    fn request(job: Job, minute: i8) -> Request {
        let requested = jiff::civil::date(2026, 1, 1).at(0, minute, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).unwrap();
        Request { job, requested: requested.timestamp(), due: None }
    }

    #[tokio::test]
    async fn many_requests_for_one_job_are_one_and_the_quick_path_comes_first() {
        let store = MemoryStore::default();
        for minute in 0..3 {
            ask(&store, &request(Job::Reconcile, minute)).await.unwrap();
            ask(&store, &request(Job::Invite, minute)).await.unwrap();
        }
        assert!(is_more_urgent_asked(&store, Job::Reconcile).await.unwrap());
        assert!(!is_more_urgent_asked(&store, Job::Invite).await.unwrap());
        let behind = async |job| next(&store, Some(job)).await.unwrap().map(|(request, _)| request.job);
        assert_eq!((behind(Job::Invite).await, behind(Job::Reconcile).await), (Some(Job::Reconcile), None));
        let mut order = Vec::new();
        while let Some((request, etag)) = next(&store, None).await.unwrap() {
            served(&store, &request, &etag).await.unwrap();
            order.push(request);
        }
        assert_eq!(order, [request(Job::Invite, 2), request(Job::Reconcile, 2)]);
    }

    #[tokio::test]
    async fn a_request_that_came_while_the_job_ran_is_not_cleared_with_it() {
        let store = MemoryStore::default();
        ask(&store, &request(Job::Invite, 0)).await.unwrap();
        let (first, etag) = next(&store, None).await.unwrap().unwrap();
        ask(&store, &request(Job::Invite, 5)).await.unwrap();
        served(&store, &first, &etag).await.unwrap();
        assert_eq!(next(&store, None).await.unwrap().unwrap().0, request(Job::Invite, 5));
    }
}
