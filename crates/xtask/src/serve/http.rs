//! HTTP/1.1 as far as a static folder needs it: heads of requests, answers, connections
//! that stay open. A thread for each connection, so that none ever waits for another.
//!
//! Knows nothing of folders and headers; reads no bodies of requests.

use super::answer::{Answer, Ask, Body};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

/// More than any browser sends.
const LONGEST_HEAD: u64 = 64 * 1024;

/// How long a connection may be silent.
const PATIENCE: Duration = Duration::from_secs(60);

/// Answers everything that comes over one connection.
pub(super) fn converse(stream: TcpStream, answer: impl Fn(&Ask) -> Answer) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut from = BufReader::new(stream.try_clone()?);
    let mut to = BufWriter::with_capacity(64 * 1024, stream);
    loop {
        let stays = match Head::read(&mut from)? {
            Heard::End => return Ok(()),
            Heard::Bad(status) => {
                write(&mut to, Answer::refusal(status), false, false)?;
                false
            }
            Heard::Head(head) => {
                let stays = head.stays();
                write(&mut to, answer(&head.ask()), head.method == "HEAD", stays)?;
                stays
            }
        };
        if !stays {
            // What is still unread would turn the response into an error at the client.
            to.get_ref().shutdown(Shutdown::Write)?;
            io::copy(&mut from.take(LONGEST_HEAD), &mut io::sink())?;
            return Ok(());
        }
    }
}

/// Method, path and fields of a request; names of fields in lower case.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    method: String,
    url: String,
    /// `HTTP/1.1` rather than 1.0.
    modern: bool,
    fields: Vec<(String, String)>,
}

/// What was heard over a connection.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    Head(Head),
    /// The other side has closed, or has been silent for long.
    End,
    /// No HTTP, or too long: the status that says so.
    Bad(u16),
}

impl Head {
    fn read(from: &mut impl BufRead) -> io::Result<Heard> {
        let mut limited = from.take(LONGEST_HEAD);
        let mut lines = Vec::new();
        loop {
            let mut line = Vec::new();
            match limited.read_until(b'\n', &mut line) {
                Ok(_) => {}
                // The timeout has one of two names.
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => return Ok(Heard::End),
                    _ => return Err(error),
                },
            }
            if line.pop() != Some(b'\n') {
                let whole = limited.limit() > 0;
                return Ok(if whole { Heard::End } else { Heard::Bad(431) });
            }
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            match (line.is_empty(), lines.is_empty()) {
                // Some send an empty line before the first.
                (true, true) => {}
                (true, false) => break,
                (false, _) => lines.push(String::from_utf8_lossy(&line).into_owned()),
            }
        }
        Ok(Self::parse(&lines).map_or(Heard::Bad(400), Heard::Head))
    }

    fn parse(lines: &[String]) -> Option<Self> {
        let (first, fields) = lines.split_first()?;
        let mut words = first.split(' ');
        let (method, url, version) = (words.next()?, words.next()?, words.next()?);
        if words.next().is_some() || method.is_empty() || !version.starts_with("HTTP/1.") {
            return None;
        }
        let fields = fields
            .iter()
            .map(|line| {
                let (name, value) = line.split_once(':')?;
                Some((name.to_ascii_lowercase(), value.trim().to_owned()))
            })
            .collect::<Option<_>>()?;
        Some(Self {
            method: method.to_owned(),
            url: url.to_owned(),
            modern: version != "HTTP/1.0",
            fields,
        })
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether another request may follow. A body would stand in its way.
    fn stays(&self) -> bool {
        let wish = self.field("connection").unwrap_or_default();
        let body = self.field("transfer-encoding").is_some()
            || self
                .field("content-length")
                .is_some_and(|length| length != "0");
        self.modern && !wish.eq_ignore_ascii_case("close") && !body
    }

    fn ask(&self) -> Ask<'_> {
        Ask {
            method: &self.method,
            url: &self.url,
            encodings: self.field("accept-encoding").unwrap_or_default(),
            known: self.field("if-none-match"),
        }
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        301 => "Moved Permanently",
        304 => "Not Modified",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        431 => "Request Header Fields Too Large",
        _ => "",
    }
}

fn write(to: &mut impl Write, answer: Answer, head_only: bool, stays: bool) -> io::Result<()> {
    write!(
        to,
        "HTTP/1.1 {} {}\r\n",
        answer.status,
        reason(answer.status)
    )?;
    for (name, value) in &answer.headers {
        // A path in `Location` cannot end the line: it had none of its own.
        write!(to, "{name}: {value}\r\n")?;
    }
    let length = match &answer.body {
        Body::Text(text) => text.len() as u64,
        Body::File(_, length) => *length,
    };
    let connection = if stays { "keep-alive" } else { "close" };
    write!(
        to,
        "Content-Length: {length}\r\nConnection: {connection}\r\n\r\n"
    )?;
    if !head_only && answer.status != 304 {
        match answer.body {
            Body::Text(text) => to.write_all(text.as_bytes())?,
            Body::File(file, length) => {
                if io::copy(&mut file.take(length), to)? != length {
                    return Err(io::Error::new(
                        io::ErrorKind::UnexpectedEof,
                        "the file shrank",
                    ));
                }
            }
        }
    }
    to.flush()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use super::*;
    use crate::scratch::Scratch;
    use std::fs::File;
    use std::net::TcpListener;
    use std::thread;

    fn read(text: &str) -> Heard {
        Head::read(&mut text.as_bytes()).unwrap()
    }

    fn head(text: &str) -> Head {
        match read(text) {
            Heard::Head(head) => head,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_head_is_read_to_its_end() {
        let mut text =
            "\r\nGET /a?b HTTP/1.1\r\nHost: x\r\nACCEPT-Encoding:  br \r\n\r\nHEAD / HTTP/1.1\n\n"
                .as_bytes();
        let Heard::Head(first) = Head::read(&mut text).unwrap() else {
            panic!("no head")
        };
        assert_eq!((first.ask().method, first.ask().url), ("GET", "/a?b"));
        assert_eq!(first.ask().encodings, "br");
        let second = Head::read(&mut text).unwrap();
        assert!(matches!(second, Heard::Head(head) if head.method == "HEAD"));
        assert_eq!(Head::read(&mut text).unwrap(), Heard::End);
    }

    #[test]
    fn what_is_no_http_is_refused() {
        for text in [
            "hello\n\n",
            "GET /\r\n\r\n",
            "GET / HTTP/2\r\n\r\n",
            "GET /a b HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nno field\r\n\r\n",
        ] {
            assert_eq!(read(text), Heard::Bad(400), "{text:?}");
        }
        let long = format!("GET / HTTP/1.1\r\nCookie: {}\r\n\r\n", "x".repeat(70_000));
        assert_eq!(read(&long), Heard::Bad(431));
        assert_eq!(read("GET / HTTP/1.1\r\nHost:"), Heard::End);
    }

    #[test]
    fn connections_stay_unless_asked_otherwise() {
        assert!(head("GET / HTTP/1.1\r\n\r\n").stays());
        assert!(!head("GET / HTTP/1.0\r\n\r\n").stays());
        assert!(!head("GET / HTTP/1.1\r\nConnection: Close\r\n\r\n").stays());
        assert!(!head("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc").stays());
    }

    #[test]
    fn only_the_answer_to_get_has_a_body() {
        let scratch = Scratch::new("http");
        let path = scratch.file("a", "12345");
        let written = |status, head_only| {
            let answer = Answer {
                status,
                headers: vec![("ETag", "\"x\"".to_owned())],
                body: Body::File(File::open(&path).unwrap(), 5),
            };
            let mut out = Vec::new();
            write(&mut out, answer, head_only, true).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(
            written(200, false),
            "HTTP/1.1 200 OK\r\nETag: \"x\"\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n12345"
        );
        assert!(
            written(200, true).ends_with("Content-Length: 5\r\nConnection: keep-alive\r\n\r\n")
        );
        assert!(written(304, false).ends_with("\r\n\r\n"));
    }

    #[test]
    fn several_requests_go_over_one_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            converse(stream, |ask| Answer {
                status: if ask.url == "/" { 200 } else { 404 },
                headers: Vec::new(),
                body: Body::Text("words"),
            })
        });
        let mut stream = TcpStream::connect(address).unwrap();
        stream
            .write_all(b"GET / HTTP/1.1\r\n\r\nGET /x HTTP/1.1\r\n\r\nPOST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc")
            .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        drop(stream);
        server.join().unwrap().unwrap();
        let status = |part: &str| part[..3].to_owned();
        let statuses: Vec<_> = text.split("HTTP/1.1 ").skip(1).map(status).collect();
        assert_eq!(statuses, ["200", "404", "200"]);
        assert!(text.ends_with("Connection: close\r\n\r\nwords"));
    }
}
