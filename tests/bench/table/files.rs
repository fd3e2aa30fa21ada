//! SEG-Y files beside segyio, and an inline beside a copy in memory.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use facies::grid::Section;
use facies::volume::{SegyVolume, SegyVolumeOptions, Volume};
use ndarray::{Array2, ArrayViewMut2};
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use segy_rs::{CubeSpec, LineNumbers, OpenOptions, SampleFormat, SegyFile, TextEncoding, write_cube};
use serde_json::json;

use crate::clock::{Measurement, in_turn, seconds};
use crate::peer::Peer;
use crate::row::{Better, Figure, Findings, Row};
use crate::{Context, Failure};

/// Times that segyio was promised to be beaten by.
const PROMISE: f64 = 5.0;
/// An inline takes at most twice as long as a copy of its samples.
const COPY_PROMISE: f64 = 0.5;

/// A synthetic cube in an IBM file, opened by us.
struct Cube {
    volume: SegyVolume,
    path: PathBuf,
    /// `1.1 GB`.
    size: String,
}

/// What is read, and how often it is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Case {
    Opening,
    HeaderColumns,
    Inline,
    Crossline,
    TimeSlice,
    EveryInline,
    WholeCube,
}

impl Case {
    const ALL: [Self; 7] = [
        Self::Opening,
        Self::HeaderColumns,
        Self::Inline,
        Self::Crossline,
        Self::TimeSlice,
        Self::EveryInline,
        Self::WholeCube,
    ];

    /// The word by which the peer's script knows the case.
    fn word(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::HeaderColumns => "header columns",
            Self::Inline => "inline",
            Self::Crossline => "crossline",
            Self::TimeSlice => "time slice",
            Self::EveryInline => "whole cube, inline by inline",
            Self::WholeCube => "whole cube at once",
        }
    }

    fn rounds(self) -> usize {
        match self {
            Self::Inline | Self::Crossline => 30,
            Self::Opening | Self::HeaderColumns | Self::TimeSlice => 7,
            Self::EveryInline | Self::WholeCube => 5,
        }
    }

    fn promise(self) -> Option<f64> {
        matches!(self, Self::HeaderColumns | Self::TimeSlice | Self::EveryInline | Self::WholeCube).then_some(PROMISE)
    }
}

pub(crate) fn measure(context: &Context) -> Result<Findings, Failure> {
    let mut findings = Findings::default();
    let pool = |threads| ThreadPoolBuilder::new().num_threads(threads).build();
    let pools = [pool(1)?, pool(context.threads)?];
    let cube = Cube::write(context.folder, "cube.sgy", context.size([500, 500, 1000], [50, 60, 500]))?;
    let large = Cube::write(context.folder, "large.sgy", context.size([1000, 1000, 1000], [80, 100, 500]))?;
    findings.notes.push(format!(
        "IBM floats in two synthetic files of {} and {}, in the page cache; every round reads other lines",
        cube.size, large.size
    ));
    let paths = [cube.path.as_os_str(), large.path.as_os_str()];
    let mut peer = Peer::start("segy_speed_segyio.py", &paths, &mut findings.notes)?;
    if let Some(peer) = &peer {
        findings.notes.push(format!(
            "{} has one thread; the better of its two ways is given, with and without a memory map. Its opening looks at few \
             traces, ours at all; \"header columns\" is opening and six header fields of every trace on both sides. \"Inline by \
             inline\" fills one array again and again, and \"at once\" one that is there already, on both sides",
            peer.name()
        ));
    }
    for (at, cube, cases) in [(0, &cube, &Case::ALL[..]), (1, &large, &Case::ALL[1..5])] {
        for &case in cases {
            findings.rows.extend(beside_segyio(&pools, at, cube, case, peer.as_mut())?);
        }
    }
    findings.rows.extend(beside_a_copy(&pools, &large)?);
    Ok(findings)
}

fn beside_segyio(
    pools: &[ThreadPool; 2],
    at: usize,
    cube: &Cube,
    case: Case,
    peer: Option<&mut Peer>,
) -> Result<Vec<Row>, Failure> {
    let peer = RefCell::new(peer);
    let ask = |mapped: bool| -> Measurement<'_> {
        let peer = &peer;
        Box::new(move |round| match peer.borrow_mut().as_mut() {
            None => Ok(f64::NAN),
            Some(peer) => peer.seconds(
                &json!({ "file": at, "case": case.word(), "number": cube.number(case, round), "mapped": mapped }),
            ),
        })
    };
    let values = RefCell::new(cube.buffer(case));
    let ours = pools.iter().map(|pool| -> Measurement<'_> {
        let values = &values;
        Box::new(move |round| {
            let values = &mut **values.borrow_mut();
            pool.install(|| seconds(|| cube.read(case, round, values)))
        })
    });
    let mut measurements: Vec<Measurement<'_>> = ours.chain([ask(false), ask(true)]).collect();
    let figures = in_turn(case.rounds(), Better::Less, &mut measurements)?;
    drop(measurements);
    let theirs = if figures[2].best <= figures[3].best { (figures[2], "") } else { (figures[3], ", mapped") };
    let name = peer.borrow().as_ref().map(|peer| peer.name().to_owned());
    let row = |(pool, ours): (&ThreadPool, &Figure)| Row {
        subject: format!("{}: {}, {}", cube.size, case.word(), threads(pool)),
        ours: ours.map(milliseconds),
        peer: name.as_ref().map_or_else(|| "segyio".to_owned(), |name| format!("{name}{}, 1 thread", theirs.1)),
        theirs: name.is_some().then(|| theirs.0.map(milliseconds)),
        unit: "ms",
        better: Better::Less,
        at_least: case.promise().filter(|_| pool.current_num_threads() > 1),
    };
    Ok(pools.iter().zip(&figures).map(row).collect())
}

/// The samples of an inline, decoded, beside as many bytes copied from one place in memory to another.
fn beside_a_copy(pools: &[ThreadPool; 2], cube: &Cube) -> Result<Vec<Row>, Failure> {
    let [inlines, crosslines, samples] = cube.volume.geometry().shape();
    let section = crosslines * samples;
    let mut section_values = Array2::zeros((crosslines, samples));
    let mut copied = vec![0.0f32; section];
    // So long that no round finds its samples in a cache, and touched, so that the system has given it memory.
    let memory: Vec<f32> = (0..section * inlines.min(100)).map(|n| n as f32).collect();
    let mut rows = Vec::new();
    for pool in pools {
        let values = &mut section_values;
        let ours: Measurement<'_> = Box::new(|round| {
            let section = Section::inline(cube.index(Case::Inline, round));
            pool.install(|| Ok(seconds(|| cube.volume.read_section(section, values.view_mut()))?))
        });
        let (memory, copied) = (&memory, &mut copied);
        let copy: Measurement<'_> = Box::new(move |round| {
            let source = &memory[(round * 37 % (memory.len() / section)) * section..][..section];
            let part = section.div_ceil(pool.current_num_threads());
            let copy = || {
                copied
                    .par_chunks_mut(part)
                    .zip(source.par_chunks(part))
                    .for_each(|(to, from)| to.copy_from_slice(from));
                Ok::<_, Failure>(())
            };
            pool.install(|| seconds(copy))
        });
        let figures = in_turn(60, Better::Less, &mut [ours, copy])?;
        rows.push(Row {
            subject: format!("{}: inline, {}", cube.size, threads(pool)),
            ours: figures[0].map(milliseconds),
            peer: format!("copy of {:.1} MB in memory, {}", (4 * section) as f64 / 1e6, threads(pool)),
            theirs: Some(figures[1].map(milliseconds)),
            unit: "ms",
            better: Better::Less,
            at_least: Some(COPY_PROMISE),
        });
    }
    Ok(rows)
}

impl Cube {
    fn write(folder: &Path, name: &str, [inlines, crosslines, samples]: [usize; 3]) -> Result<Self, Failure> {
        let path = folder.join(name);
        let axis = |count| LineNumbers { first: 100, step: 1, count };
        let spec = CubeSpec {
            inline: axis(inlines),
            crossline: axis(crosslines),
            samples,
            interval_us: 4000,
            start_ms: 0,
            map: None,
            format: SampleFormat::IbmFloat32,
            text: Vec::new(),
            encoding: TextEncoding::Ebcdic,
        };
        write_cube(&path, &spec, |inline, crossline, values| {
            // A wave of every strength and sign, so that no word repeats.
            let phase = (inline * 31 + crossline * 17) as f32;
            for (at, value) in values.iter_mut().enumerate() {
                *value = ((at as f32) * 0.37 + phase).sin() * (1 + (at * 7919 + inline + crossline) % 20_000) as f32;
            }
        })?;
        let volume = SegyVolume::open(&path, &SegyVolumeOptions::default())?;
        let size = format!("{:.2} GB", volume.file().file_bytes() as f64 / 1e9);
        Ok(Self { volume, path, size })
    }

    /// Which line or sample a round reads: far from the last one.
    fn index(&self, case: Case, round: usize) -> usize {
        let [inlines, crosslines, samples] = self.volume.geometry().shape();
        let count = match case {
            Case::Crossline => crosslines,
            Case::TimeSlice => samples,
            _ => inlines,
        };
        (round * 37 + 11) % count
    }

    /// The same as the peer counts it: lines by number, samples by index.
    fn number(&self, case: Case, round: usize) -> usize {
        self.index(case, round) + if case == Case::TimeSlice { 0 } else { 100 }
    }

    /// Room for what a case reads, touched, so that the system has given it memory. It is used again and again, as this
    /// program does everywhere; segyio gets the like where its interface takes it.
    fn buffer(&self, case: Case) -> Vec<f32> {
        let [inlines, crosslines, samples] = self.volume.geometry().shape();
        let length = match case {
            Case::Opening | Case::HeaderColumns => 0,
            Case::Inline | Case::EveryInline => crosslines * samples,
            Case::Crossline => inlines * samples,
            Case::TimeSlice => inlines * crosslines,
            Case::WholeCube => inlines * crosslines * samples,
        };
        vec![f32::NAN; length]
    }

    fn read(&self, case: Case, round: usize, values: &mut [f32]) -> Result<(), Failure> {
        let index = self.index(case, round);
        let [inlines, crosslines, samples] = self.volume.geometry().shape();
        match case {
            Case::Opening | Case::HeaderColumns => {
                SegyFile::open(&self.path, &OpenOptions::default())?;
            }
            Case::Inline => {
                let values = ArrayViewMut2::from_shape((crosslines, samples), values)?;
                self.volume.read_section(Section::inline(index), values)?;
            }
            Case::Crossline => {
                let values = ArrayViewMut2::from_shape((inlines, samples), values)?;
                self.volume.read_section(Section::crossline(index), values)?;
            }
            Case::TimeSlice => {
                let values = ArrayViewMut2::from_shape((inlines, crosslines), values)?;
                self.volume.read_time_slice(index, values)?;
            }
            Case::EveryInline => {
                for inline in 0..inlines {
                    let values = ArrayViewMut2::from_shape((crosslines, samples), &mut *values)?;
                    self.volume.read_section(Section::inline(inline), values)?;
                }
            }
            Case::WholeCube => self.volume.file().read_traces(0, values)?,
        }
        Ok(())
    }
}

fn threads(pool: &ThreadPool) -> String {
    match pool.current_num_threads() {
        1 => "1 thread".to_owned(),
        count => format!("{count} threads"),
    }
}

fn milliseconds(seconds: f64) -> f64 {
    seconds * 1e3
}
