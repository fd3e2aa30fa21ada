//! Numbers for people.

use std::time::Duration;

/// `12,345,678`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 picture`, `1,200 pictures`.
pub(super) fn counted(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {what}{plural}", grouped(number as u64))
}

/// `9.8 s`, `48 s`, `12 min 5 s`, `3 h 20 min`.
pub(super) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", duration.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// How long `left` more of something takes when `done` of it took `elapsed`; `None` while nothing is done.
pub(super) fn time_left(elapsed: Duration, done: u64, left: u64) -> Option<Duration> {
    let seconds = elapsed.as_secs_f64() * left as f64 / done as f64;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_read_well() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (12_345_678, "12,345,678")] {
            assert_eq!(grouped(number), text);
        }
        assert_eq!([counted(1, "picture"), counted(2000, "picture")], ["1 picture", "2,000 pictures"]);
        for (seconds, text) in
            [(0.04, "0.0 s"), (9.84, "9.8 s"), (48.0, "48 s"), (725.0, "12 min 5 s"), (12_000.0, "3 h 20 min")]
        {
            assert_eq!(duration(Duration::from_secs_f64(seconds)), text);
        }
        assert_eq!(time_left(Duration::from_secs(10), 0, 5), None);
        assert_eq!(time_left(Duration::from_secs(10), 5, 20), Some(Duration::from_secs(40)));
    }
}
