//! A network that classifies.

use ndarray::{Array2, Array3, Array4, ArrayView3, ArrayView4};
use tch::{Kind, Tensor};

use super::array::{self, tensor_from_array, values};
use super::dropout::{Draw, Lots};
use super::prepared::Prepared;
use super::sequential::Sequential;
use super::temperature::probabilities;
use super::{Device, Moments, NetworkError, Precision, Segmentation};

/// A network with fixed weights on one device, in one precision. Not shared between threads; [`Predictor::share`] gives each
/// its own.
#[derive(Debug)]
pub struct Predictor {
    network: Prepared,
    device: Device,
    temperature: Option<f64>,
}

impl Predictor {
    /// `network` must lie on `device`.
    pub(super) fn new(network: &Sequential, device: Device, precision: Precision) -> Result<Self, NetworkError> {
        precision.check(device)?;
        Ok(Self { network: Prepared::new(network, precision)?, device, temperature: None })
    }

    /// The same, with class scores divided by `temperature` before they become probabilities.
    pub(super) fn calibrated(self, temperature: Option<f64>) -> Self {
        Self { temperature, ..self }
    }

    /// The same with its dropout, for passes that draw lots.
    pub(super) fn with_dropout(
        network: &Sequential,
        device: Device,
        precision: Precision,
    ) -> Result<Self, NetworkError> {
        precision.check(device)?;
        Ok(Self { network: Prepared::with_dropout(network, precision)?, device, temperature: None })
    }

    /// The same network for another thread; the weights are not copied.
    pub fn share(&self) -> Self {
        Self { network: self.network.shared(), device: self.device, temperature: self.temperature }
    }

    /// Where it computes.
    pub fn device(&self) -> Device {
        self.device
    }

    /// What it computes in.
    pub fn precision(&self) -> Precision {
        self.network.precision
    }

    /// What class scores are divided by before they become probabilities; `None` where they were not calibrated.
    pub fn temperature(&self) -> Option<f64> {
        self.temperature
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.network.classes
    }

    /// Number of channels that it sees.
    pub fn channels(&self) -> usize {
        self.network.channels
    }

    /// Side of the patch round a voxel.
    pub fn patch(&self) -> usize {
        self.network.patch
    }

    /// Side of the window that the dense form needs; `None` where it has no dense form.
    pub fn receptive_field(&self) -> Option<usize> {
        self.network.receptive_field
    }

    /// What a network that segments asks of its pictures; `None` of the others.
    pub fn segmentation(&self) -> Option<Segmentation> {
        self.network.segmentation
    }

    /// Product of all strides: tiles whose sides are multiples of it waste no arithmetic.
    pub fn total_stride(&self) -> usize {
        self.network.total_stride
    }

    /// Class scores (logits) `[n, K]` of patches `[n, channel, patch, patch]`, samples down and traces across; or of
    /// normalised pictures `[n, channel, row, column]`.
    ///
    /// # Errors
    /// When the patches have another size or other channels, or memory runs out.
    pub fn patch_scores(&self, patches: ArrayView4<'_, f32>) -> Result<Array2<f32>, NetworkError> {
        rows(&self.network.patch_scores(&self.input(patches)?)?)
    }

    /// Class probabilities `[n, K]` of patches `[n, channel, patch, patch]`, or of normalised pictures.
    ///
    /// # Errors
    /// As [`Predictor::patch_scores`].
    pub fn patch_probabilities(&self, patches: ArrayView4<'_, f32>) -> Result<Array2<f32>, NetworkError> {
        rows(&self.probabilities(&self.network.patch_scores(&self.input(patches)?)?)?)
    }

    /// Class scores (logits) `[n, K, h, w]` of windows `[n, channel, h + r - 1, w + r - 1]`.
    ///
    /// # Errors
    /// When the network has no dense form, the windows do not fit or memory runs out.
    pub fn dense_scores(&self, windows: ArrayView4<'_, f32>) -> Result<Array4<f32>, NetworkError> {
        let (_, _, rows, columns) = windows.dim();
        self.check_window([rows, columns])?;
        maps(&self.network.dense_scores(&self.input(windows)?)?)
    }

    /// Class scores (logits) `[n, K, h, w]` of pictures `[n, channel, h, w]`, by a network that segments.
    ///
    /// # Errors
    /// When the network does not segment, the pictures have other channels, or memory runs out.
    pub fn segmentation_scores(&self, pictures: ArrayView4<'_, f32>) -> Result<Array4<f32>, NetworkError> {
        maps(&self.network.native_scores(&self.input(pictures)?)?)
    }

    /// Puts a padded section `[channel, rows, columns]`, samples down and traces across, on the device. Its tiles and patches
    /// can then be classified without copying them one by one.
    ///
    /// # Errors
    /// When it has other channels than the network, or memory runs out.
    pub fn place(&self, padded: ArrayView3<'_, f32>) -> Result<PlacedSection<'_>, NetworkError> {
        self.check_channels(padded.shape()[0])?;
        Ok(PlacedSection { predictor: self, section: self.moved(tensor_from_array(padded)?)? })
    }

    fn probabilities(&self, scores: &Tensor) -> Result<Tensor, NetworkError> {
        probabilities(scores, self.temperature)
    }

    fn input(&self, windows: ArrayView4<'_, f32>) -> Result<Tensor, NetworkError> {
        self.check_channels(windows.shape()[1])?;
        self.moved(tensor_from_array(windows)?)
    }

    fn check_channels(&self, given: usize) -> Result<(), NetworkError> {
        let channels = self.channels();
        if given == channels {
            return Ok(());
        }
        let expected = format!("{channels} channels");
        Err(NetworkError::Shape { what: "the network's input".into(), actual: vec![given], expected })
    }

    /// The tensor on the device; from page-locked memory, so that the copy runs beside the kernels of other threads.
    fn moved(&self, tensor: Tensor) -> Result<Tensor, NetworkError> {
        if !self.device.is_cuda() {
            return Ok(tensor);
        }
        let (non_blocking, copy) = (true, false);
        let pinned = tensor.f_pin_memory(self.device.0)?;
        Ok(pinned.f_to_device_(self.device.0, Kind::Float, non_blocking, copy)?)
    }

    /// Looks whether windows of this shape have a dense output.
    fn check_window(&self, shape: [usize; 2]) -> Result<(), NetworkError> {
        let field = self.receptive_field().ok_or(NetworkError::NoDenseForm)?;
        if shape.iter().all(|&side| side >= field) {
            return Ok(());
        }
        let expected = format!("at least {field} on each side");
        Err(NetworkError::Shape { what: "a window of the dense form".into(), actual: shape.to_vec(), expected })
    }

    fn places(&self, places: &[i64]) -> Result<Tensor, NetworkError> {
        Ok(Tensor::f_from_slice(places)?.f_to_device(self.device.0)?)
    }
}

/// A padded section on the device of a predictor.
#[derive(Debug)]
pub struct PlacedSection<'a> {
    predictor: &'a Predictor,
    /// `[channels, rows, columns]`.
    section: Tensor,
}

impl PlacedSection<'_> {
    /// Class probabilities of `[rows, columns]` voxels from each of `corners` on, by the dense form. The window of the voxel at
    /// a corner begins there.
    ///
    /// # Errors
    /// When the network has no dense form, a window leaves the section, the shape does not fit or memory runs out.
    pub fn tiles(&self, corners: &[[usize; 2]], shape: [usize; 2]) -> Result<Probabilities, NetworkError> {
        let scores = self.predictor.network.dense_scores(&self.windows(corners, shape)?)?;
        Ok(Probabilities(tch::no_grad(|| self.predictor.probabilities(&scores))?))
    }

    /// What passes with dropout say of the same tiles.
    ///
    /// # Errors
    /// As [`PlacedSection::tiles`], and where nothing is dropped in the network.
    pub fn sampled_tiles(
        &self,
        corners: &[[usize; 2]],
        shape: [usize; 2],
        draw: &Draw,
    ) -> Result<Moments, NetworkError> {
        let windows = self.windows(corners, shape)?;
        let lots = Lots::of_tiles(draw, corners).calibrated(self.predictor.temperature);
        Moments::from_tensor(&self.predictor.network.dense_moments(&windows, &lots)?)
    }

    fn windows(&self, corners: &[[usize; 2]], shape: [usize; 2]) -> Result<Tensor, NetworkError> {
        let field = self.predictor.receptive_field().ok_or(NetworkError::NoDenseForm)?;
        let window = shape.map(|side| side + field - 1);
        self.predictor.check_window(window)?;
        let [height, width] = window.map(|side| side as i64);
        let view = |&[row, column]: &[usize; 2]| -> Result<Tensor, NetworkError> {
            Ok(self.section.f_narrow(1, row as i64, height)?.f_narrow(2, column as i64, width)?)
        };
        let windows = corners.iter().map(view).collect::<Result<Vec<_>, _>>()?;
        Ok(Tensor::f_stack(&windows, 0)?)
    }

    /// Class probabilities of the `kept` voxels of each of `segments`, whose inputs have the shape `input`.
    ///
    /// # Errors
    /// When the network does not segment, an input leaves the section, a part its input, or memory runs out.
    pub fn segments(
        &self,
        segments: &[Segment],
        input: [usize; 2],
        kept: [usize; 2],
    ) -> Result<Probabilities, NetworkError> {
        let scores = self.predictor.network.native_scores(&self.inputs(segments, input)?)?;
        tch::no_grad(|| Ok(Probabilities(self.predictor.probabilities(&kept_parts(&scores, segments, kept)?)?)))
    }

    /// What passes with dropout say of the same segments; the placed section begins where the section does.
    ///
    /// # Errors
    /// As [`PlacedSection::segments`], and where nothing is dropped in the network.
    pub fn sampled_segments(
        &self,
        segments: &[Segment],
        input: [usize; 2],
        kept: [usize; 2],
        draw: &Draw,
    ) -> Result<Moments, NetworkError> {
        let corners: Vec<_> = segments.iter().map(|segment| segment.input).collect();
        let lots = Lots::of_pictures(draw, &corners, input[0]).calibrated(self.predictor.temperature);
        let inputs = self.inputs(segments, input)?;
        let kept = |scores: &Tensor| kept_parts(scores, segments, kept);
        Moments::from_tensor(&self.predictor.network.native_moments(&inputs, &lots, kept)?)
    }

    fn inputs(&self, segments: &[Segment], shape: [usize; 2]) -> Result<Tensor, NetworkError> {
        let inputs = segments.iter().map(|segment| part(&self.section, segment.input, shape));
        Ok(Tensor::f_stack(&inputs.collect::<Result<Vec<_>, _>>()?, 0)?)
    }

    /// Class probabilities `[n, K]` of voxels whose patches begin at `corners`.
    ///
    /// # Errors
    /// When a patch leaves the section or memory runs out.
    pub fn patches(&self, corners: &[[usize; 2]]) -> Result<Array2<f32>, NetworkError> {
        rows(&self.predictor.probabilities(&self.predictor.network.patch_scores(&self.gathered(corners)?)?)?)
    }

    /// What passes with dropout say of the same patches.
    ///
    /// # Errors
    /// As [`PlacedSection::patches`], and where nothing is dropped in the network.
    pub fn sampled_patches(&self, corners: &[[usize; 2]], draw: &Draw) -> Result<Moments, NetworkError> {
        let patches = self.gathered(corners)?;
        let lots = Lots::of_patches(draw, corners).calibrated(self.predictor.temperature);
        Moments::from_tensor(&self.predictor.network.patch_moments(&patches, &lots)?)
    }

    fn gathered(&self, corners: &[[usize; 2]]) -> Result<Tensor, NetworkError> {
        let side = self.predictor.patch() as i64;
        // Views of all patches, then a copy of the chosen ones, made on the device.
        let windows = self.section.f_permute([1, 2, 0])?.f_unfold(0, side, 1)?.f_unfold(1, side, 1)?;
        let index = |axis: usize| -> Result<Option<Tensor>, NetworkError> {
            let places: Vec<i64> = corners.iter().map(|corner| corner[axis] as i64).collect();
            Ok(Some(self.predictor.places(&places)?))
        };
        Ok(windows.f_index(&[index(0)?, index(1)?])?)
    }
}

/// A part of a section that a network segments by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// First row and column of what it sees, in the placed section.
    pub input: [usize; 2],
    /// First row and column of the scores that are kept, in the input.
    pub kept: [usize; 2],
}

/// Class probabilities of tiles, still on the device: `[n, K, rows, columns]`.
#[derive(Debug)]
pub struct Probabilities(Tensor);

impl Probabilities {
    /// A copy of them, `[n, K, column, row]`: traces first, as sections are.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn to_array(&self) -> Result<Array4<f32>, NetworkError> {
        maps(&self.0.f_transpose(2, 3)?)
    }

    /// The code and the probability of the most probable class, the first of equals, each `[n, column, row]`.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn most_probable(&self) -> Result<(Array3<u8>, Array3<f32>), NetworkError> {
        tch::no_grad(|| {
            let probabilities = self.0.f_transpose(2, 3)?;
            let mut largest = probabilities.f_select(1, 0)?.f_contiguous()?;
            let mut codes = largest.f_zeros_like()?.f_to_kind(Kind::Uint8)?;
            for code in 1..probabilities.size()[1] {
                let candidate = probabilities.f_select(1, code)?;
                let _ = codes.f_masked_fill_(&candidate.f_gt_tensor(&largest)?, code)?;
                largest = largest.f_maximum(&candidate)?;
            }
            let (n, columns, rows) = largest.size3()?;
            let shape = (n as usize, columns as usize, rows as usize);
            let fits = "as many values as the tensor's shape says";
            let codes = Array3::from_shape_vec(shape, array::bytes(&codes)?).expect(fits);
            Ok((codes, Array3::from_shape_vec(shape, values(&largest)?).expect(fits)))
        })
    }
}

/// The kept part of the scores of every segment.
fn kept_parts(scores: &Tensor, segments: &[Segment], kept: [usize; 2]) -> Result<Tensor, NetworkError> {
    let of_segment = |(place, segment): (usize, &Segment)| part(&scores.f_get(place as i64)?, segment.kept, kept);
    let parts = segments.iter().enumerate().map(of_segment).collect::<Result<Vec<_>, _>>()?;
    Ok(Tensor::f_stack(&parts, 0)?)
}

/// `shape` rows and columns of a tensor's last axes.
fn part(tensor: &Tensor, from: [usize; 2], shape: [usize; 2]) -> Result<Tensor, NetworkError> {
    let rows = tensor.f_narrow(-2, from[0] as i64, shape[0] as i64)?;
    Ok(rows.f_narrow(-1, from[1] as i64, shape[1] as i64)?)
}

fn rows(tensor: &Tensor) -> Result<Array2<f32>, NetworkError> {
    let (n, classes) = tensor.size2()?;
    let shape = (n as usize, classes as usize);
    Ok(Array2::from_shape_vec(shape, values(tensor)?).expect("as many values as the tensor's shape says"))
}

fn maps(tensor: &Tensor) -> Result<Array4<f32>, NetworkError> {
    let (n, classes, height, width) = tensor.size4()?;
    let shape = (n as usize, classes as usize, height as usize, width as usize);
    Ok(Array4::from_shape_vec(shape, values(tensor)?).expect("as many values as the tensor's shape says"))
}
