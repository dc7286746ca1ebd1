//! Connections as whoever answers on them sees them: they can be cut without an answer, so that a request's outcome stays
//! unknown to whoever sent it, and they tell when an answer is out. [`SecureListener`] has them by TLS.

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::connect_info::Connected;
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use http_body::{Frame, SizeHint};
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::server::TlsStream;
use tokio_rustls::{Accept, TlsAcceptor};

/// One connection. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Line(Arc<Shared>);

#[derive(Default)]
struct Shared {
    is_cut: AtomicBool,
    /// What is called when everything that was answered so far is out.
    when_out: Mutex<Option<Callback>>,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Line")
    }
}

type Callback = Box<dyn FnOnce() + Send>;

impl Line {
    /// From now on nothing can be written to it.
    pub(crate) fn cut(&self) {
        self.0.is_cut.store(true, Ordering::SeqCst);
    }

    /// Whether it was cut.
    pub(crate) fn is_cut(&self) -> bool {
        self.0.is_cut.load(Ordering::SeqCst)
    }

    /// The same answer, and `when_out` is called when all of it is out; never, if the connection ends before.
    pub(crate) fn watch(&self, answer: Response, when_out: impl FnOnce() + Send + 'static) -> Response {
        let line = self.clone();
        answer.map(|body| Body::new(Watched { body, line, when_out: Some(Box::new(when_out)) }))
    }

    fn check(&self) -> io::Result<()> {
        if self.is_cut() { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
    }

    fn waiting(&self) -> MutexGuard<'_, Option<Callback>> {
        self.0.when_out.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn flushed(&self) {
        let when_out = self.waiting().take();
        if let Some(when_out) = when_out {
            when_out();
        }
    }
}

/// A body whose line is told when all of it was taken. What was taken is out when the connection is flushed next.
struct Watched {
    body: Body,
    line: Line,
    when_out: Option<Callback>,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(frame, Poll::Ready(Some(Err(_)))) {
            self.when_out = None;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Watched {
    /// The server drops a body when it has taken what it needs of it: nothing at all, if there is no body to send.
    fn drop(&mut self) {
        if let Some(when_out) = self.when_out.take() {
            *self.line.waiting() = Some(when_out);
        }
    }
}

/// A listener whose connections can be cut.
pub(crate) struct CuttableListener(pub(crate) TcpListener);

impl Listener for CuttableListener {
    type Io = Connection<TcpStream>;
    type Addr = Line;

    async fn accept(&mut self) -> (Connection<TcpStream>, Line) {
        Connection::new(plain(&mut self.0).await)
    }

    fn local_addr(&self) -> io::Result<Line> {
        Ok(Line::default())
    }
}

async fn plain(listener: &mut TcpListener) -> TcpStream {
    let (stream, _) = Listener::accept(listener).await;
    // Small answers at once: Nagle's algorithm would make every test slower. Where it stays on, nothing breaks.
    stream.set_nodelay(true).ok();
    stream
}

impl Connected<IncomingStream<'_, CuttableListener>> for Line {
    fn connect_info(stream: IncomingStream<'_, CuttableListener>) -> Self {
        stream.remote_addr().clone()
    }
}

impl Connected<IncomingStream<'_, SecureListener>> for Line {
    fn connect_info(stream: IncomingStream<'_, SecureListener>) -> Self {
        stream.remote_addr().clone()
    }
}

/// The same by TLS. Whoever does not come to an agreement is not a connection, and keeps nobody waiting.
pub(crate) struct SecureListener {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    agreeing: FuturesUnordered<Accept<TcpStream>>,
}

impl SecureListener {
    pub(crate) fn new(listener: TcpListener, acceptor: TlsAcceptor) -> Self {
        Self { listener, acceptor, agreeing: FuturesUnordered::new() }
    }
}

impl Listener for SecureListener {
    type Io = Connection<TlsStream<TcpStream>>;
    type Addr = Line;

    async fn accept(&mut self) -> (Connection<TlsStream<TcpStream>>, Line) {
        loop {
            tokio::select! {
                stream = plain(&mut self.listener) => self.agreeing.push(self.acceptor.accept(stream)),
                // A pattern that a failure does not match would leave the others unattended until somebody else comes.
                Some(agreed) = self.agreeing.next() => if let Ok(stream) = agreed {
                    return Connection::new(stream);
                },
            }
        }
    }

    fn local_addr(&self) -> io::Result<Line> {
        Ok(Line::default())
    }
}

/// A connection that can be cut.
pub(crate) struct Connection<S> {
    stream: S,
    line: Line,
}

impl<S> Connection<S> {
    fn new(stream: S) -> (Self, Line) {
        let line = Line::default();
        (Self { stream, line: line.clone() }, line)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Connection<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Connection<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.line.check()?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.line.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
