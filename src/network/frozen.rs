//! What frozen layers make of inputs that come again, computed once and kept.

use ndarray::{ArrayView3, ArrayView4};
use tch::{Device, Kind, Tensor};

use super::NetworkError;
use super::array::tensor_from_array;
use super::sequential::{Form, Sequential};
use crate::dataset::CropPlace;

/// Outputs on a side of the tiles in which images are computed.
const TILE: i64 = 128;

/// The layers at the input of a network in training that neither learn nor draw lots: equal inputs leave them as equal
/// features at every step.
#[derive(Clone, Debug, PartialEq)]
pub struct FrozenLayers {
    /// Side of the window that one feature depends on; `None` where there is no dense form.
    pub(super) window: Option<usize>,
    /// Features at one place of an image.
    pub(super) channels: usize,
    /// Shape of a patch's features.
    pub(super) of_patch: Vec<i64>,
}

impl FrozenLayers {
    /// Bytes that the features of one patch take.
    pub fn patch_bytes(&self) -> u64 {
        4 * self.of_patch.iter().product::<i64>() as u64
    }

    /// How many places of an image of this shape have features; 0 where there is no dense form.
    pub fn image_places(&self, [rows, columns]: [usize; 2]) -> u64 {
        self.window
            .map_or(0, |window| ((rows + 1).saturating_sub(window) * (columns + 1).saturating_sub(window)) as u64)
    }

    /// Bytes that the features of an image of this shape take.
    pub fn image_bytes(&self, shape: [usize; 2]) -> u64 {
        4 * self.channels as u64 * self.image_places(shape)
    }
}

/// Features that are kept, on the learner's device.
#[derive(Debug)]
pub(super) enum Kept {
    /// `[rows, columns, channels]` of every image.
    Images(Vec<Tensor>),
    /// `[patches, rows, columns, channels]`, or `[patches, features]` behind the convolutions; and how many are filled.
    Patches(Tensor, i64),
}

impl Kept {
    /// Room for the features of `count` patches.
    pub(super) fn patches(layers: &FrozenLayers, count: usize, device: Device) -> Result<Self, NetworkError> {
        let mut shape = vec![count as i64];
        shape.extend(match layers.of_patch[..] {
            [channels, rows, columns] => vec![rows, columns, channels],
            _ => layers.of_patch.clone(),
        });
        Ok(Self::Patches(Tensor::f_empty(shape, (Kind::Float, device))?, 0))
    }

    /// Adds the features of patches `[n, channel, patch, patch]`.
    pub(super) fn add_patches(
        &mut self,
        network: &Sequential,
        values: ArrayView4<'_, f32>,
    ) -> Result<(), NetworkError> {
        let Self::Patches(all, filled) = self else { return Ok(()) };
        let input = tensor_from_array(values)?.f_to_device(all.device())?;
        let features = network.frozen_features(&input, Form::Patch)?;
        let count = features.size()[0];
        all.f_narrow(0, *filled, count)?.f_copy_(&channels_behind(&features)?)?;
        *filled += count;
        Ok(())
    }

    /// Adds the features of an image `[channel, sample, trace]`, unless `carry_on` says no on the way.
    pub(super) fn add_image(
        &mut self,
        network: &Sequential,
        layers: &FrozenLayers,
        values: ArrayView3<'_, f32>,
        device: Device,
        carry_on: &dyn Fn() -> bool,
    ) -> Result<(), NetworkError> {
        let (Self::Images(images), Some(window)) = (self, layers.window) else { return Err(NetworkError::NoDenseForm) };
        let image = tensor_from_array(values)?.f_unsqueeze(0)?.f_to_device(device)?;
        let halo = window as i64 - 1;
        let [rows, columns] = [values.dim().1, values.dim().2].map(|side| (side as i64 - halo).max(0));
        let features = Tensor::f_empty([rows, columns, layers.channels as i64], (Kind::Float, device))?;
        for row in (0..rows).step_by(TILE as usize) {
            for column in (0..columns).step_by(TILE as usize) {
                if !carry_on() {
                    return Ok(());
                }
                let (height, width) = (TILE.min(rows - row), TILE.min(columns - column));
                let tile = image.f_narrow(2, row, height + halo)?.f_narrow(3, column, width + halo)?;
                let computed = channels_behind(&network.frozen_features(&tile, Form::Dense)?)?.f_squeeze_dim(0)?;
                features.f_narrow(0, row, height)?.f_narrow(1, column, width)?.f_copy_(&computed)?;
            }
        }
        images.push(features);
        Ok(())
    }

    /// Features of the patches at these places.
    pub(super) fn of_patches(&self, places: &Tensor) -> Result<Tensor, NetworkError> {
        match self {
            Self::Patches(all, _) => channels_second(&all.f_index_select(0, places)?),
            Self::Images(_) => Err(not_kept()),
        }
    }

    /// Features of crops whose inputs start at these places, of `side` features.
    pub(super) fn of_crops(&self, places: &[CropPlace], side: i64) -> Result<Tensor, NetworkError> {
        let Self::Images(images) = self else { return Err(not_kept()) };
        let crop = |place: &CropPlace| {
            let image = images.get(place.image).ok_or_else(not_kept)?;
            Ok(image.f_narrow(0, place.row as i64, side)?.f_narrow(1, place.column as i64, side)?)
        };
        let crops: Vec<Tensor> = places.iter().map(crop).collect::<Result<_, NetworkError>>()?;
        channels_second(&Tensor::f_stack(&crops, 0)?)
    }
}

fn not_kept() -> NetworkError {
    NetworkError::Torch { message: "the features of these inputs were not kept".into() }
}

/// `[N, C, H, W]` as `[N, H, W, C]`.
fn channels_behind(features: &Tensor) -> Result<Tensor, NetworkError> {
    if features.dim() == 4 { Ok(features.f_permute([0, 2, 3, 1])?) } else { Ok(features.shallow_clone()) }
}

/// `[N, H, W, C]` as `[N, C, H, W]`.
fn channels_second(features: &Tensor) -> Result<Tensor, NetworkError> {
    if features.dim() == 4 { Ok(features.f_permute([0, 3, 1, 2])?) } else { Ok(features.shallow_clone()) }
}
