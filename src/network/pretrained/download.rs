//! Files from their public addresses.

use std::io::{Read, Write};
use std::path::Path;
use std::time::Duration;

use super::super::NetworkError;
use super::checksum::{Checksum, Sums, check};

/// More than any published network has.
const LARGEST: u64 = 4 << 30;
const CONNECT: Duration = Duration::from_secs(30);
const ANSWER: Duration = Duration::from_secs(60);
const WHOLE: Duration = Duration::from_secs(2 * 3600);

/// Fetches `address` into `target`, which appears only when the whole file has come and its checksum is the known one.
/// `progress` hears how many bytes there are so far, and of how many where the server says so. Gives the SHA-256.
///
/// # Errors
/// When the server cannot be reached or refuses, the connection breaks, the file is another, or it cannot be written.
pub fn download(
    address: &str,
    target: &Path,
    checksum: Checksum,
    progress: &mut dyn FnMut(u64, Option<u64>),
) -> Result<String, NetworkError> {
    let failed = |message: String| NetworkError::Download { address: address.to_owned(), message };
    let unwritten = |source| NetworkError::Write { path: target.to_owned(), source };
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_connect(Some(CONNECT))
        .timeout_recv_response(Some(ANSWER))
        .timeout_recv_body(Some(WHOLE))
        .build()
        .into();
    let mut response = agent.get(address).call().map_err(|error| failed(error.to_string()))?;
    let expected = response.body().content_length();
    let mut body = response.body_mut().with_config().limit(LARGEST).reader();
    let mut file = atomic_write_file::AtomicWriteFile::open(target).map_err(unwritten)?;
    let mut sums = Sums::for_checksums(&[checksum]);
    let mut buffer = vec![0; 1 << 16];
    let mut bytes = 0;
    loop {
        let count = body.read(&mut buffer).map_err(|error| failed(error.to_string()))?;
        if count == 0 {
            break;
        }
        sums.update(&buffer[..count]);
        file.write_all(&buffer[..count]).map_err(unwritten)?;
        bytes += count as u64;
        progress(bytes, expected);
    }
    if let Some(expected) = expected.filter(|&expected| expected != bytes) {
        return Err(failed(format!("only {bytes} of {expected} bytes came")));
    }
    let digits = sums.finish();
    check(target, &[checksum], &digits)?;
    file.commit().map_err(unwritten)?;
    Ok(digits.sha256)
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// SHA-256 and MD5 of `weights`.
    const SHA256: &str = "9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c";
    const MD5: &str = "63f4f1e9b725370f459720575cd5f953";

    /// Serves one request with this head and body; gives the address.
    fn serve(head: &'static str, body: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/weights.pth", listener.local_addr().unwrap());
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
            write!(stream, "HTTP/1.1 {head}\r\nConnection: close\r\n\r\n{body}").unwrap();
        });
        address
    }

    fn fetch(head: &'static str, body: &'static str, checksum: Checksum) -> (Result<String, NetworkError>, bool) {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("weights.pth");
        let result = download(&serve(head, body), &target, checksum, &mut |_, _| {});
        let is_there = target.exists();
        assert_eq!(folder.path().read_dir().unwrap().count(), usize::from(is_there), "something was left");
        (result, is_there)
    }

    #[test]
    fn only_the_whole_right_file_appears() {
        let right = "200 OK\r\nContent-Length: 7";
        let kinds = [Checksum::Sha256(SHA256), Checksum::Sha256Start(&SHA256[..8]), Checksum::Md5(MD5)];
        for checksum in kinds {
            let (result, is_there) = fetch(right, "weights", checksum);
            assert_eq!((result.unwrap(), is_there), (SHA256.to_owned(), true));
        }
        for (head, body, checksum, reason) in [
            (right, "weightz", kinds[0], "SHA-256"),
            (right, "weightz", kinds[1], "SHA-256"),
            (right, "weightz", kinds[2], "MD5"),
            ("200 OK\r\nContent-Length: 9", "weights", kinds[1], ""),
            ("404 Not Found\r\nContent-Length: 0", "", kinds[1], "404"),
        ] {
            let (result, is_there) = fetch(head, body, checksum);
            let error = result.unwrap_err().to_string();
            assert!(error.contains(reason) && !is_there, "{error}");
        }
    }
}
