//! The transport `telemetry` exports through.
//!
//! OpenTelemetry's exporters run on threads of their own, without a tokio runtime, and are flushed by blocking. So the
//! exchanges happen on one small thread with its own runtime: a flush cannot wait for the thread that waits for it.

use std::{future::Future, io, pin::Pin};

use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use tokio::sync::{mpsc, oneshot};

use crate::outbound::exchange::{Exchange, ExchangeError};

struct Job {
    request: Request<Vec<u8>>,
    reply: oneshot::Sender<Result<Response<Vec<u8>>, ExchangeError>>,
}

/// An `HttpClient` that works from any thread; its own thread ends when the last clone is dropped.
#[derive(Clone, Debug)]
pub struct OtlpTransport {
    jobs: mpsc::UnboundedSender<Job>,
}

impl OtlpTransport {
    /// Starts the thread.
    ///
    /// # Errors
    /// The operating system's, when it gives no thread or no event loop.
    pub fn start(exchange: Exchange) -> io::Result<Self> {
        let (jobs, mut queue) = mpsc::unbounded_channel::<Job>();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("otlp".to_owned()).spawn(move || {
            runtime.block_on(async move {
                while let Some(job) = queue.recv().await {
                    let exchange = exchange.clone();
                    tokio::spawn(async move {
                        // Whoever asked may have given up; then nobody wants the answer.
                        let _ = job.reply.send(exchange.send(job.request).await);
                    });
                }
            });
        })?;
        Ok(Self { jobs })
    }
}

impl HttpClient for OtlpTransport {
    fn send_bytes<'a, 'out>(
        &'a self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'out>>
    where
        'a: 'out,
        Self: 'out,
    {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            let request = request.map(|body| body.to_vec());
            self.jobs
                .send(Job { request, reply })
                .map_err(|_| HttpError::from("the transport has stopped"))?;
            Ok(answer.await??.map(Bytes::from))
        })
    }
}

#[cfg(test)]
mod tests;
