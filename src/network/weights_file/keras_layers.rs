//! Keras' weights files of release 3 (`.weights.h5`): a group for each layer, called by its class and a number, whose tensors are
//! counted in a group `vars`, which has the layer's name as an attribute.

use hdf5::Group;

use super::budget::Budget;
use super::keras::converted;
use super::keras_h5::{array, texts};
use crate::network::NamedArray;

/// Classes of layers, and their tensors in the order in which they are counted.
const CLASSES: [(&str, &[&str]); 5] = [
    ("conv2d", &["kernel", "bias"]),
    ("dense", &["kernel", "bias"]),
    ("depthwise_conv2d", &["depthwise_kernel", "bias"]),
    ("separable_conv2d", &["depthwise_kernel", "pointwise_kernel", "bias"]),
    ("batch_normalization", &["gamma", "beta", "moving_mean", "moving_variance"]),
];
/// Models within models that are looked into.
const DEEPEST: usize = 4;
/// Bytes that a layer takes of the budget besides its tensors, for groups may hold themselves.
const GROUP: usize = 64;

/// The tensors of the layers in `layers`, and of the models among them.
pub(super) fn read_layers(layers: &Group, budget: &mut Budget) -> Result<Vec<NamedArray>, String> {
    let mut arrays = Vec::new();
    read_models(layers, DEEPEST, budget, &mut arrays)?;
    Ok(arrays)
}

fn read_models(layers: &Group, depth: usize, budget: &mut Budget, arrays: &mut Vec<NamedArray>) -> Result<(), String> {
    for member in layers.member_names().map_err(|error| error.to_string())? {
        budget.take(1, GROUP, || format!("layer `{member}`"))?;
        let Ok(layer) = layers.group(&member) else { continue };
        if let Ok(inner) = layer.group("layers") {
            let depth = depth.checked_sub(1).ok_or("it holds models within models, and is read four deep")?;
            read_models(&inner, depth, budget, arrays)?;
        }
        if let Ok(tensors) = layer.group("vars")
            && !tensors.is_empty()
        {
            read_layer(&member, &tensors, budget, arrays)?;
        }
    }
    Ok(())
}

fn read_layer(member: &str, tensors: &Group, budget: &mut Budget, arrays: &mut Vec<NamedArray>) -> Result<(), String> {
    let name = texts(tensors, "name", budget).ok().and_then(|names| names.into_iter().next()).ok_or_else(|| {
        format!("its layer `{member}` does not say its name; write it with `model.save(\"NAME.h5\")` or a later Keras")
    })?;
    let class = match member.rsplit_once('_') {
        Some((class, number)) if number.parse::<u64>().is_ok() => class,
        _ => member,
    };
    let known = CLASSES.iter().find(|(known, _)| *known == class).map_or(&[][..], |(_, parts)| parts);
    // Which of its four a batch normalisation of three lacks is not told: it keeps numbers.
    let known = if class == "batch_normalization" && tensors.len() != 4 { &[][..] } else { known };
    for place in 0..tensors.len() {
        let number = place.to_string();
        let dataset = tensors.dataset(&number).map_err(|_| format!("tensor {number} of `{name}` is missing"))?;
        let array = array(&dataset, budget).map_err(|message| format!("tensor {number} of `{name}`: {message}"))?;
        let part = usize::try_from(place).ok().and_then(|place| known.get(place)).copied();
        arrays.push(converted(&name, part.unwrap_or(&number), array));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use hdf5::types::VarLenUnicode;

    use super::*;

    /// What is read of a file with one layer `conv2d` of one tensor, after `change`.
    fn read(change: impl FnOnce(&Group)) -> Result<Vec<NamedArray>, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = hdf5::File::create(folder.path().join("a.weights.h5")).unwrap();
        let layers = file.create_group("layers").unwrap();
        let tensors = layers.create_group("conv2d").unwrap().create_group("vars").unwrap();
        tensors.new_dataset_builder().with_data(&[1.0_f32, 2.0]).create("0").unwrap();
        let name: VarLenUnicode = "conv1".parse().unwrap();
        tensors.new_attr::<VarLenUnicode>().create("name").unwrap().write_scalar(&name).unwrap();
        change(&layers);
        read_layers(&layers, &mut Budget::of_file(1000))
    }

    #[test]
    fn layers_without_names_and_groups_within_themselves_are_refused() {
        assert_eq!(read(|_| ()).unwrap()[0].name, "conv1.weight");
        let nameless = read(|layers| layers.group("conv2d/vars").unwrap().delete_attr("name").unwrap());
        assert!(nameless.unwrap_err().contains("`conv2d` does not say its name"));
        let endless = read(|layers| layers.link_hard("/layers", "conv2d/layers").unwrap());
        assert!(endless.unwrap_err().contains("four deep"));
        let crowded = read(|layers| {
            for number in 0..200 {
                layers.create_group(&format!("activation_{number}")).unwrap();
            }
        });
        assert!(crowded.unwrap_err().contains("layer `activation_"));
    }

    #[test]
    fn tensors_of_other_layers_keep_their_numbers() {
        let read = read(|layers| layers.relink("conv2d", "/layers/normalization_2").unwrap());
        assert_eq!(read.unwrap()[0].name, "conv1.0");
    }
}
