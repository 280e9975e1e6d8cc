//! The writer: takes what has queued up, runs it in one transaction, and answers after the commit.
//!
//! Hot submissions of a batch are decided together; cold commands each get a savepoint. When
//! one poisons the transaction, everything is run again one by one, so that it fails alone.

use std::{any::Any, future::Future, panic::AssertUnwindSafe, pin::Pin, time::Duration};

use domain::id::IdSource;
use futures_util::FutureExt;
use parking_lot::RwLock;
use tokio::sync::{mpsc, oneshot};

use crate::{
    error::{Error, Result},
    hot::{self, Answer, Submission},
    limits,
    tx::Tx,
};

/// A command that needs no batch: data and one function over the transaction, which awaits its
/// transaction and nothing else.
pub trait ColdCommand: Send + Sync + 'static {
    /// What it answers.
    type Output: Send + 'static;

    /// Does it. An error undoes everything the command did. It may run more than once, each time
    /// on a fresh transaction.
    fn run<'a>(
        &'a self,
        tx: &'a mut Tx,
        ids: &'a IdSource,
    ) -> impl Future<Output = Result<Self::Output>> + Send + 'a;

    /// Whether what it did is kept. Where it is not, everything is undone, and the output is answered
    /// all the same: so a refusal half way through leaves no trace and can still say why.
    fn keeps(&self, output: &Self::Output) -> bool {
        let _ = output;
        true
    }
}

pub(crate) type BoxedAny = Box<dyn Any + Send>;
/// An output, and whether what was done is kept.
type ColdFuture<'a> = Pin<Box<dyn Future<Output = Result<(BoxedAny, bool)>> + Send + 'a>>;

/// A cold command whose type has been forgotten.
pub(crate) trait AnyCold: Send + Sync {
    fn run_any<'a>(&'a self, tx: &'a mut Tx, ids: &'a IdSource) -> ColdFuture<'a>;
}

impl<C: ColdCommand> AnyCold for C {
    fn run_any<'a>(&'a self, tx: &'a mut Tx, ids: &'a IdSource) -> ColdFuture<'a> {
        Box::pin(async move {
            let output = self.run(tx, ids).await?;
            let keeps = self.keeps(&output);
            Ok((Box::new(output) as BoxedAny, keeps))
        })
    }
}

/// Something that waits for the writer.
pub(crate) enum Job {
    Hot(Submission, oneshot::Sender<Result<Answer>>),
    Cold(Box<dyn AnyCold>, oneshot::Sender<Result<BoxedAny>>),
}

enum JobResult {
    Hot(Answer),
    Cold(Result<BoxedAny>),
}

impl Job {
    /// Answers with an error; nothing was done.
    pub(crate) fn fail(self, error: &Error) {
        // A caller that no longer listens has given up waiting; there is nobody to tell.
        match self {
            Job::Hot(_, answer) => drop(answer.send(Err(error.repeat()))),
            Job::Cold(_, answer) => drop(answer.send(Err(error.repeat()))),
        }
    }

    fn answer(self, result: JobResult) {
        match (self, result) {
            (Job::Hot(_, answer), JobResult::Hot(result)) => drop(answer.send(Ok(result))),
            (Job::Cold(_, answer), JobResult::Cold(result)) => drop(answer.send(result)),
            (job, _) => job.fail(&Error::Refused(
                "the writer mixed up its answers".to_owned(),
            )),
        }
    }

    fn commands(&self) -> usize {
        if let Job::Hot(submission, _) = self {
            submission.commands.len().max(1)
        } else {
            1
        }
    }
}

/// The store's end of a bounded queue to one writer.
pub(crate) struct Sender(RwLock<Option<mpsc::Sender<Job>>>);

/// The writer's end.
pub(crate) struct Queue(mpsc::Receiver<Job>);

/// A queue to one writer.
pub(crate) fn queue() -> (Sender, Queue) {
    let (sender, receiver) = mpsc::channel(limits::QUEUE);
    (Sender(RwLock::new(Some(sender))), Queue(receiver))
}

impl Sender {
    /// Queues a job, or says that too much is waiting.
    pub(crate) fn push(&self, job: Job) -> Result<()> {
        let sender = self.0.read();
        let sender = sender
            .as_ref()
            .ok_or_else(|| Error::Unavailable("the store is closing".to_owned()))?;
        sender.try_send(job).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => Error::Busy {
                retry_after_ms: limits::RETRY_AFTER_MS,
            },
            mpsc::error::TrySendError::Closed(_) => {
                Error::Unavailable("the writer has stopped".to_owned())
            }
        })
    }

    /// Takes no more jobs; what is queued is still done.
    pub(crate) fn close(&self) {
        self.0.write().take();
    }
}

impl Queue {
    /// The next job; `None` once the queue is closed and empty. For a thread of its own.
    pub(crate) fn wait(&mut self) -> Option<Job> {
        self.0.blocking_recv()
    }

    /// The next job; `None` once the queue is closed and empty. For a task.
    pub(crate) async fn wait_async(&mut self) -> Option<Job> {
        self.0.recv().await
    }

    /// Everything else that waits already, as far as one commit takes it.
    pub(crate) fn take_more(&mut self, jobs: &mut Vec<Job>) {
        let mut commands: usize = jobs.iter().map(Job::commands).sum();
        while commands < limits::BATCH {
            let Ok(job) = self.0.try_recv() else { return };
            commands += job.commands();
            jobs.push(job);
        }
    }
}

/// Runs jobs and answers them. Says whether the connection may be used again.
///
/// SQLite has one writer, so all share a commit. On PostgreSQL a cold command locks rows in an order
/// of its own, so each gets its own transaction: waiting while it holds the locks of a whole batch, it
/// would sooner or later wait in a circle.
pub(crate) async fn run_jobs(tx: &mut Tx, jobs: Vec<Job>, ids: &IdSource) -> bool {
    metrics::histogram!("store_batch_commands")
        .record(jobs.iter().map(Job::commands).sum::<usize>() as f64);
    if !tx.is_postgres() {
        return run_batch(tx, jobs, ids).await;
    }
    let (hot, cold): (Vec<Job>, Vec<Job>) = jobs
        .into_iter()
        .partition(|job| matches!(job, Job::Hot(..)));
    let mut usable = hot.is_empty() || run_batch(tx, hot, ids).await;
    for job in cold {
        usable &= run_batch(tx, vec![job], ids).await;
    }
    usable
}

/// Runs jobs in one transaction, or one by one when one of them spoils it for all.
async fn run_batch(tx: &mut Tx, jobs: Vec<Job>, ids: &IdSource) -> bool {
    #[cfg(feature = "negative_control")]
    if crate::negative_control::answers_before_commit() {
        return answer_before_commit(tx, jobs, ids).await;
    }
    match run_together(tx, &jobs, ids).await {
        Ok(results) => {
            jobs.into_iter()
                .zip(results)
                .for_each(|(job, result)| job.answer(result));
            true
        }
        Err(error) if jobs.len() == 1 || !error.is_of_one_command() => {
            let usable = error.leaves_connection();
            jobs.into_iter().for_each(|job| job.fail(&error));
            usable
        }
        Err(error) => {
            tracing::warn!(%error, "a batch failed and is run one by one");
            run_apart(tx, jobs, ids).await
        }
    }
}

async fn run_apart(tx: &mut Tx, jobs: Vec<Job>, ids: &IdSource) -> bool {
    let mut usable = true;
    for job in jobs {
        match run_together(tx, std::slice::from_ref(&job), ids).await {
            Ok(mut results) => match results.pop() {
                Some(result) => job.answer(result),
                None => job.fail(&Error::Refused("the writer lost an answer".to_owned())),
            },
            Err(error) => {
                usable &= error.leaves_connection();
                job.fail(&error);
            }
        }
    }
    usable
}

/// What must never be done: everybody is answered, and then comes the commit.
#[cfg(feature = "negative_control")]
async fn answer_before_commit(tx: &mut Tx, jobs: Vec<Job>, ids: &IdSource) -> bool {
    let results = match tx.begin().await {
        Ok(()) => run_all(tx, &jobs, ids).await,
        Err(error) => Err(error),
    };
    match results {
        Ok(results) => {
            jobs.into_iter()
                .zip(results)
                .for_each(|(job, result)| job.answer(result));
            crate::negative_control::wait(tx.is_postgres()).await;
            tx.commit().await.is_ok()
        }
        Err(error) => {
            tx.roll_back().await;
            jobs.into_iter().for_each(|job| job.fail(&error));
            error.leaves_connection()
        }
    }
}

/// One transaction for all jobs, run again as often as the engine asks for it.
async fn run_together(tx: &mut Tx, jobs: &[Job], ids: &IdSource) -> Result<Vec<JobResult>> {
    for run in 1.. {
        match run_caught(tx, jobs, ids).await {
            Err(error) if error.asks_to_run_again() && run < limits::RUNS => {
                tracing::debug!(%error, run, "the transaction is run again");
                pause(tx, run).await;
            }
            Err(error) if error.asks_to_run_again() => {
                return Err(Error::Busy {
                    retry_after_ms: limits::RETRY_AFTER_MS,
                });
            }
            result => return result,
        }
    }
    unreachable!("the loop ends by returning")
}

/// Waits a little longer each time, and differently on each connection, so that two writers that
/// met once do not meet again.
async fn pause(tx: &mut Tx, run: u32) {
    if tx.is_postgres() {
        let jitter = (std::ptr::from_mut(tx) as usize >> 6) as u64 % 7;
        tokio::time::sleep(Duration::from_millis(u64::from(run) * 2 + jitter)).await;
    }
}

/// A mistake of ours in one command must not take the writer away from all others.
async fn run_caught(tx: &mut Tx, jobs: &[Job], ids: &IdSource) -> Result<Vec<JobResult>> {
    let caught = AssertUnwindSafe(run_once(tx, jobs, ids))
        .catch_unwind()
        .await;
    match caught {
        Ok(result) => result,
        Err(_) => {
            tx.roll_back().await;
            Err(Error::Refused("a command ended in panic".to_owned()))
        }
    }
}

async fn run_once(tx: &mut Tx, jobs: &[Job], ids: &IdSource) -> Result<Vec<JobResult>> {
    tx.begin().await?;
    match run_all(tx, jobs, ids).await {
        Ok(results) => match tx.commit().await {
            Ok(()) => Ok(results),
            Err(error) => {
                tx.roll_back().await;
                Err(error)
            }
        },
        Err(error) => {
            tx.roll_back().await;
            Err(error)
        }
    }
}

async fn run_all(tx: &mut Tx, jobs: &[Job], ids: &IdSource) -> Result<Vec<JobResult>> {
    let submissions: Vec<&Submission> = jobs
        .iter()
        .filter_map(|job| {
            if let Job::Hot(submission, _) = job {
                Some(submission)
            } else {
                None
            }
        })
        .collect();
    let mut answers = hot::run(tx, &submissions, ids).await?.into_iter();
    let mut results = Vec::with_capacity(jobs.len());
    for job in jobs {
        results.push(match job {
            Job::Hot(..) => JobResult::Hot(answers.next().ok_or_else(lost)?),
            Job::Cold(command, _) => JobResult::Cold(run_cold(tx, &**command, ids).await?),
        });
    }
    Ok(results)
}

fn lost() -> Error {
    Error::Refused("a batch answered fewer submissions than it was given".to_owned())
}

/// Runs a cold command in a savepoint. The outer error is the transaction's, the inner the command's.
async fn run_cold(tx: &mut Tx, command: &dyn AnyCold, ids: &IdSource) -> Result<Result<BoxedAny>> {
    tx.statement("SAVEPOINT command").await?;
    let result = command.run_any(tx, ids).await;
    match &result {
        Err(error) if error.asks_to_run_again() || !error.leaves_connection() => {
            return result.map(|(output, _)| Ok(output));
        }
        Err(_) | Ok((_, false)) => tx.statement("ROLLBACK TO SAVEPOINT command").await?,
        Ok((_, true)) => {}
    }
    tx.statement("RELEASE SAVEPOINT command").await?;
    Ok(result.map(|(output, _)| output))
}
