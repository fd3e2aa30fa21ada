//! Sections as networks see them: all channels, clipped and scaled.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use ndarray::Array2;

use super::{AmplitudeScaling, Channel, SectionChannels, Volume, VolumeError, live_in_section};
use crate::grid::{Geometry, LineAxis, Section, VerticalAxis};

/// A section, and which of its traces hold data.
#[derive(Clone, Debug)]
pub struct ScaledSection {
    /// All channels, `[trace, sample]`.
    pub channels: SectionChannels,
    /// Which traces carry a signal in the cube itself.
    pub live: Vec<bool>,
}

/// Reads the sections of a cube with all that a network sees of them, from any number of threads.
pub struct SectionReader<'a> {
    volume: &'a dyn Volume,
    scaling: AmplitudeScaling,
    further: Vec<(Channel, Option<&'a dyn Volume>)>,
    /// Neighbouring sections that a network sees, the section itself among them.
    thickness: usize,
    /// What was read, as long as somebody has it.
    known: Mutex<BTreeMap<Place, Weak<Array2<f32>>>>,
}

/// A channel and one of its sections.
type Place = (usize, Section);

impl<'a> SectionReader<'a> {
    /// Of one channel, the amplitudes of `volume`.
    pub fn new(volume: &'a dyn Volume, scaling: AmplitudeScaling) -> Self {
        Self { volume, scaling, further: Vec::new(), thickness: 1, known: Mutex::default() }
    }

    /// The same with more channels. `attributes` are the volumes of those that have one, by name, in any order.
    ///
    /// # Errors
    /// When an attribute is missing, or has other axes than the cube.
    pub fn with_channels(
        mut self,
        channels: &[Channel],
        attributes: &[(&str, &'a dyn Volume)],
    ) -> Result<Self, VolumeError> {
        for channel in channels {
            let volume = match channel {
                Channel::Depth { .. } => None,
                Channel::Attribute { name, .. } => {
                    let named = attributes.iter().find(|(given, _)| given == name);
                    let &(_, volume) = named.ok_or_else(|| VolumeError::NoAttribute {
                        name: name.clone(),
                        volume: self.volume.name(),
                        given: attributes.iter().map(|(given, _)| (*given).to_owned()).collect(),
                    })?;
                    check_same_grid(self.volume, volume)?;
                    Some(volume)
                }
            };
            self.further.push((channel.clone(), volume));
        }
        Ok(self)
    }

    /// The same for a network that sees `sections` neighbouring sections, the middle one (`sections / 2`) being that which is
    /// read. Beyond the cube they hold 0.
    pub fn with_neighbours(self, sections: usize) -> Self {
        Self { thickness: sections.max(1), ..self }
    }

    /// The cube itself.
    pub fn volume(&self) -> &'a dyn Volume {
        self.volume
    }

    /// For every channel that [`SectionReader::read`] gives, whether it holds amplitudes or an attribute, and no position.
    pub fn is_signal(&self) -> Vec<bool> {
        let further = self.further.iter().map(|(channel, _)| !matches!(channel, Channel::Depth { .. }));
        std::iter::once(true).chain(further).flat_map(|signal| std::iter::repeat_n(signal, self.thickness)).collect()
    }

    /// Reads a section.
    ///
    /// # Errors
    /// When it lies outside the cube or a file cannot be read.
    pub fn read(&self, section: Section) -> Result<ScaledSection, VolumeError> {
        let [traces, samples] = self.volume.geometry().section_shape(section.plane);
        let mut amplitude = Array2::zeros((traces, samples));
        self.volume.read_section(section, amplitude.view_mut())?;
        let live = live_in_section(self.volume, section, amplitude.view());
        self.scaling.apply(amplitude.view_mut());
        let own = self.keep((0, section), amplitude);
        let mut channels = Vec::with_capacity((1 + self.further.len()) * self.thickness);
        let mut beyond = None;
        for channel in 0..=self.further.len() {
            for offset in 0..self.thickness {
                let index = (section.index + offset).checked_sub(self.thickness / 2);
                let inside = index.filter(|&index| index < self.volume.geometry().section_axis(section.plane).count);
                channels.push(match inside {
                    None => Arc::clone(beyond.get_or_insert_with(|| Arc::new(Array2::zeros((traces, samples))))),
                    Some(index) if (channel, index) == (0, section.index) => Arc::clone(&own),
                    Some(index) => self.channel(channel, Section { index, ..section })?,
                });
            }
        }
        Ok(ScaledSection { channels: SectionChannels::new(channels), live })
    }

    /// One channel of one section, from memory if it is there.
    fn channel(&self, channel: usize, section: Section) -> Result<Arc<Array2<f32>>, VolumeError> {
        let known =
            self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&(channel, section)).and_then(Weak::upgrade);
        if let Some(values) = known {
            return Ok(values);
        }
        let geometry = self.volume.geometry();
        let [traces, samples] = geometry.section_shape(section.plane);
        let read = |volume: &dyn Volume, scaling: &AmplitudeScaling| -> Result<Array2<f32>, VolumeError> {
            let mut values = Array2::zeros((traces, samples));
            volume.read_section(section, values.view_mut())?;
            scaling.apply(values.view_mut());
            Ok(values)
        };
        let values = match channel.checked_sub(1).and_then(|place| self.further.get(place)) {
            None => read(self.volume, &self.scaling)?,
            Some((Channel::Depth { first, last }, _)) => {
                Channel::depth_section([*first, *last], &geometry.vertical, traces)
            }
            Some((Channel::Attribute { scaling, .. }, volume)) => read(volume.unwrap_or(self.volume), scaling)?,
        };
        Ok(self.keep((channel, section), values))
    }

    /// Remembers values that a neighbour will see, too, unless they are there already.
    fn keep(&self, key: (usize, Section), values: Array2<f32>) -> Arc<Array2<f32>> {
        let values = Arc::new(values);
        if self.thickness == 1 {
            return values;
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(values) = known.get(&key).and_then(Weak::upgrade) {
            return values;
        }
        known.retain(|_, values| values.strong_count() > 0);
        known.insert(key, Arc::downgrade(&values));
        values
    }
}

/// Looks whether `attribute` has the lines and samples of `cube`.
///
/// # Errors
/// With the axis that differs, and both its figures.
pub fn check_same_grid(cube: &dyn Volume, attribute: &dyn Volume) -> Result<(), VolumeError> {
    let (ours, theirs): (&Geometry, &Geometry) = (cube.geometry(), attribute.geometry());
    let lines =
        |axis: &LineAxis| format!("{} to {} in steps of {} ({} lines)", axis.first, axis.last(), axis.step, axis.count);
    let vertical = |axis: &VerticalAxis| {
        let (title, unit) = (axis.domain.title(), axis.domain.unit());
        format!("{title} {} to {} {unit} every {} {unit} ({} samples)", axis.start, axis.end(), axis.step, axis.count)
    };
    let (up, down) = (ours.vertical, theirs.vertical);
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-3 * up.step.abs();
    let same_vertical =
        up.domain == down.domain && up.count == down.count && near(up.start, down.start) && near(up.end(), down.end());
    let different = if ours.inline != theirs.inline {
        ("inlines", lines(&ours.inline), lines(&theirs.inline))
    } else if ours.crossline != theirs.crossline {
        ("crosslines", lines(&ours.crossline), lines(&theirs.crossline))
    } else if !same_vertical {
        ("samples", vertical(&up), vertical(&down))
    } else {
        return Ok(());
    };
    let (axis, expected, actual) = different;
    Err(VolumeError::OtherGrid { axis, cube: cube.name(), expected, attribute: attribute.name(), actual })
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, s};

    use super::*;
    use crate::grid::Domain;
    use crate::volume::MemoryVolume;

    fn cube(name: &str, first_inline: i32, samples: usize, scale: f32) -> MemoryVolume {
        let line = |first, count| LineAxis { first, step: 1, count };
        let vertical = VerticalAxis { domain: Domain::Time, start: 100.0, step: 4.0, count: samples };
        let geometry =
            Geometry { inline: line(first_inline, 5), crossline: line(300, 4), vertical, xy_from_grid: None };
        let values = Array3::from_shape_fn((5, 4, samples), |(i, j, k)| scale * (1 + 100 * i + 10 * j + k) as f32);
        MemoryVolume::new(geometry, values).unwrap().named(name)
    }

    fn scaling(high: f32) -> AmplitudeScaling {
        AmplitudeScaling::new(-high, high).unwrap()
    }

    #[test]
    fn channels_come_in_their_order_each_in_its_own_scale() {
        let (amplitude, coherence) = (cube("amplitude.sgy", 1, 6, 1.0), cube("coherence.sgy", 1, 6, -0.001));
        let channels = [
            Channel::Depth { first: 104.0, last: 112.0 },
            Channel::Attribute { name: "coherence".into(), scaling: scaling(1.0) },
        ];
        let reader = SectionReader::new(&amplitude, scaling(1000.0));
        let reader = reader.with_channels(&channels, &[("other", &amplitude), ("coherence", &coherence)]).unwrap();
        let read = reader.read(Section::crossline(2)).unwrap().channels;
        let read: Vec<_> = read.iter().collect();
        let expected = amplitude.samples().slice(s![.., 2, ..]).to_owned() / 1000.0;
        assert_eq!(read[0], expected);
        assert!(read[1].rows().into_iter().all(|trace| trace.to_vec() == [-1.0, -1.0, 0.0, 1.0, 1.0, 1.0]));
        assert_eq!(read[2], coherence.samples().slice(s![.., 2, ..]));
        assert_eq!(reader.is_signal(), [true, false, true]);
    }

    #[test]
    fn neighbours_stand_round_the_section_are_shared_and_are_zero_beyond_the_cube() {
        let volume = cube("cube.sgy", 1, 3, 1.0);
        let reader = SectionReader::new(&volume, scaling(1000.0)).with_neighbours(3);
        let [first, second] = [0, 1].map(|index| reader.read(Section::inline(index)).unwrap().channels);
        assert!(first.iter().next().unwrap().iter().all(|&value| value == 0.0));
        for (place, channel) in second.iter().enumerate() {
            assert_eq!(channel, volume.samples().slice(s![place, .., ..]).to_owned() / 1000.0);
        }
        let [first_data, second_data] =
            [&first, &second].map(|channels| channels.iter().map(|c| c.as_ptr()).collect::<Vec<_>>());
        assert_eq!(first_data[1..], second_data[..2]);
        drop((first, second, first_data, second_data));
        reader.read(Section::inline(4)).unwrap();
        assert!(reader.known.lock().unwrap().len() <= 3, "what nobody holds is forgotten");
    }

    #[test]
    fn a_volume_on_another_grid_is_refused_with_both_figures() {
        let amplitude = cube("amplitude.sgy", 1, 6, 1.0);
        let message = |other: &MemoryVolume| {
            let channels = [Channel::Attribute { name: "other".into(), scaling: scaling(1.0) }];
            let reader = SectionReader::new(&amplitude, scaling(1.0));
            reader.with_channels(&channels, &[("other", other)]).err().map(|error| error.to_string())
        };
        assert_eq!(message(&cube("same.sgy", 1, 6, 2.0)), None);
        assert_eq!(
            message(&cube("moved.sgy", 2, 6, 1.0)).unwrap(),
            "moved.sgy has inlines 2 to 6 in steps of 1 (5 lines), amplitude.sgy 1 to 5 in steps of 1 (5 lines)"
        );
        let short = message(&cube("short.sgy", 1, 5, 1.0)).unwrap();
        assert!(short.contains("100 to 116 ms every 4 ms (5 samples)"), "{short}");
        let channels = [Channel::Attribute { name: "coherence".into(), scaling: scaling(1.0) }];
        let missing = SectionReader::new(&amplitude, scaling(1.0)).with_channels(&channels, &[("dip", &amplitude)]);
        let missing = missing.err().unwrap().to_string();
        assert_eq!(missing, "the network wants an attribute `coherence` beside amplitude.sgy; given are: dip");
    }
}
