//! The vertical axis: sample interval and position of the first sample.

use crate::header::{BinaryHeader, TraceHeader};
use crate::options::OpenOptions;
use crate::warning::Warning;

/// Interval assumed where no header declares one.
const ASSUMED_INTERVAL_US: f64 = 1000.0;

/// Sample interval in µs: the given one, the extended one of revision 2, the binary header's, the trace header's.
pub(crate) fn interval_us(
    binary: &BinaryHeader,
    first: &TraceHeader,
    options: &OpenOptions,
    warnings: &mut Vec<Warning>,
) -> f64 {
    let positive = |interval: f64| interval.is_finite() && interval > 0.0;
    if let Some(given) = options.interval_us.filter(|&given| positive(given)) {
        return given;
    }
    let (short, of_trace) = (binary.get_u16(3217), first.get_u16(117));
    let extended = binary.get_f64(3273);
    if binary.revision().0 >= 2 && positive(extended) {
        return extended;
    }
    let used = match (short, of_trace) {
        (0, 0) => {
            warnings.push(Warning::NoInterval { assumed: ASSUMED_INTERVAL_US });
            return ASSUMED_INTERVAL_US;
        }
        (0, of_trace) => of_trace,
        (short, _) => short,
    };
    if short != of_trace && short != 0 && of_trace != 0 {
        warnings.push(Warning::Intervals { binary: short.into(), trace: of_trace.into(), used: used.into() });
    }
    if (used as i16) < 0 {
        warnings.push(Warning::NegativeInterval { signed: used as i16, used: used.into() });
    }
    used.into()
}

/// Position of the first sample in ms: the delay recording time (bytes 109-110), whose sign counts, with the scalar for
/// times (bytes 215-216), which revision 1 introduced.
pub(crate) fn start_ms(
    binary: &BinaryHeader,
    first: &TraceHeader,
    options: &OpenOptions,
    warnings: &mut Vec<Warning>,
) -> f64 {
    if let Some(given) = options.start_ms.filter(|given| given.is_finite()) {
        return given;
    }
    let delay = f64::from(first.get_i16(109));
    let lag_ms = first.get_i16(105);
    if delay == 0.0 && lag_ms != 0 {
        warnings.push(Warning::LagTime { lag_ms });
    }
    match first.get_i16(215) {
        _ if binary.revision().0 == 0 => delay,
        // The values that the standard allows; anything else is not a scalar.
        scalar @ (10 | 100 | 1000 | 10_000) => delay * f64::from(scalar),
        scalar @ (-10 | -100 | -1000 | -10_000) => delay / -f64::from(scalar),
        _ => delay,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::SampleFormat;

    #[test]
    fn the_delay_keeps_its_sign_and_takes_the_scalar_from_revision_one_on() {
        for (revision, delay, scalar, expected) in [
            (1, 1204, 0, 1204.0),
            (1, -52, 1, -52.0),
            (1, 125, -10, 12.5),
            (1, -3, 1000, -3000.0),
            (1, 4, 77, 4.0),
            (0, 125, -10, 125.0),
        ] {
            let mut raw = *BinaryHeader::new(1, 4000, SampleFormat::Float32).bytes();
            raw[300] = revision;
            let binary = BinaryHeader::from_bytes(raw, crate::Endian::Big);
            let mut first = TraceHeader::new();
            first.set_i16(109, delay);
            first.set_i16(215, scalar);
            assert_eq!(start_ms(&binary, &first, &OpenOptions::default(), &mut Vec::new()), expected);
        }
    }

    #[test]
    fn lag_time_alone_is_pointed_out() {
        let mut first = TraceHeader::new();
        first.set_i16(105, -1204);
        let mut warnings = Vec::new();
        let binary = BinaryHeader::new(1, 4000, SampleFormat::Float32);
        assert_eq!(start_ms(&binary, &first, &OpenOptions::default(), &mut warnings), 0.0);
        assert_eq!(warnings, [Warning::LagTime { lag_ms: -1204 }]);
    }

    #[test]
    fn intervals_from_wherever_they_are() {
        let (given, none) = (OpenOptions { interval_us: Some(500.0), ..Default::default() }, OpenOptions::default());
        for (binary_us, trace_us, options, expected, warned) in [
            (4000, 4000, &none, 4000.0, 0),
            (4000, 0, &none, 4000.0, 0),
            (0, 2000, &none, 2000.0, 0),
            (4000, 2000, &none, 4000.0, 1),
            (0, 0, &none, 1000.0, 1),
            (40_000, 40_000, &none, 40_000.0, 1),
            (4000, 2000, &given, 500.0, 0),
        ] {
            let binary = BinaryHeader::new(1, binary_us, SampleFormat::Float32);
            let mut first = TraceHeader::new();
            first.set_u16(117, trace_us);
            let mut warnings = Vec::new();
            assert_eq!(interval_us(&binary, &first, options, &mut warnings), expected);
            assert_eq!(warnings.len(), warned, "{warnings:?}");
        }
    }

    #[test]
    fn revision_two_declares_fractions_of_a_microsecond() {
        let mut binary = BinaryHeader::new(70_000, 4000, SampleFormat::Float32);
        binary.set_u64(3273, 62.5f64.to_bits());
        assert_eq!(interval_us(&binary, &TraceHeader::new(), &OpenOptions::default(), &mut Vec::new()), 62.5);
    }
}
