//! What cannot be done is refused with its exit code and a message that says where the fault lies and what to do, and
//! leaves nothing behind.

use std::collections::BTreeMap;
use std::fs;

use safetensors::Dtype;
use safetensors::tensor::TensorView;

use crate::workshop::{Done, JOB, Workshop, assert_same_files};

/// What is asked of the program, its exit code, and what the message must hold.
type Case<'a> = (&'a [&'a str], i32, &'a [&'a str]);

/// Each is refused, with every file as it was and no run folder.
fn refuses(workshop: &Workshop, cases: &[Case]) {
    let before = workshop.bytes("");
    for (arguments, code, parts) in cases {
        println!("{arguments:?}");
        workshop.facies(arguments).expect_refusal(*code, parts);
        assert_same_files(&workshop.bytes(""), &before);
        assert!(!workshop.path("runs").exists(), "{arguments:?} left a run folder");
    }
}

#[test]
fn wrong_jobs_are_refused_at_their_line_before_anything_is_written() {
    let workshop = Workshop::new();
    workshop.write("unknown.yaml", JOB.replace("  steps:", "  stepps:"));
    workshop.write("unset.yaml", JOB.replace("cube.sgy", "\"${FACIES_NOT_SET}/cube.sgy\""));
    workshop.write("braces.yaml", JOB.replace("cube.sgy", "${FACIES_NOT_SET}/cube.sgy"));
    workshop.write("text.pts", "104 300 100\n104 301 100\n");
    workshop.write("in-the-way/small/notes.txt", "somebody's");
    let points = JOB.replace(
        "  - section: inline_104.png\n",
        "  - points: { class: salt, path: text.pts }\n  - points: { class: channel, path: text.pts }\n",
    );
    workshop.write("points.yaml", points);
    refuses(
        &workshop,
        &[
            (&["run", "gone.yaml"], 2, &["cannot read the job gone.yaml", "No such file", "give the path of a job"]),
            (&["run", "cube.sgy"], 2, &["cube.sgy is no text in UTF-8"]),
            (&["run", "in-the-way"], 2, &["cannot read the job in-the-way", "not a file"]),
            (
                &["run", "unknown.yaml"],
                2,
                &[
                    "unknown.yaml:13:3",
                    "unknown key `stepps`",
                    "did you mean `steps`?",
                    "   13 |   stepps: 16\n      |   ^\n",
                ],
            ),
            (&["run", "unset.yaml"], 2, &["unset.yaml:5:17", "FACIES_NOT_SET is not set", "export FACIES_NOT_SET="]),
            (
                &["run", "points.yaml"],
                2,
                &["points.yaml:6:11", "class `low_amplitude` has no labels", "take the class"],
            ),
            (
                &[
                    "run",
                    "job.yaml",
                    "--set",
                    "classes=[low_amplitude, high_amplitude, clinoforms, chaotic, channel, salt, coal]",
                ],
                2,
                &["classes[6]: class `coal` has no label", "label it, or take it out"],
            ),
            (
                &["run", "job.yaml", "--set", "input.segy.path=gone.sgy"],
                2,
                &["there is no file", "gone.sgy", "folder of the job"],
            ),
            (&["run", "job.yaml", "--set", "training.stepps=16"], 2, &["`--set training.stepps=16`", "did you mean"]),
            (&["run", "job.yaml", "--set", "steps"], 2, &["`--set steps`", "path.to.key=value"]),
            (&["run", "job.yaml", "--output", "cube.sgy"], 2, &["cube.sgy is not a folder", "--output"]),
            (&["run", "job.yaml", "--output", "cube.sgy/runs"], 2, &["cube.sgy is not a folder", "--output"]),
            (&["run", "job.yaml", "--output", "in-the-way"], 2, &["small holds files, but no run", "another `name`"]),
            (&["run", "job.yaml", "--output", "in-the-way", "--overwrite"], 2, &["small holds files, but no run"]),
            (
                &[
                    "run",
                    "job.yaml",
                    "--set",
                    "network.waldeland.padding=same",
                    "--set",
                    "training.form={patch: {batch: 16}}",
                ],
                2,
                &["job.yaml:17:11: prediction.engine", "no dense form", "`engine: patch`"],
            ),
            (
                &["run", "job.yaml", "--set", "network.waldeland.padding=same"],
                2,
                &["training.form.dense", "no dense form"],
            ),
            (
                &[
                    "run",
                    "job.yaml",
                    "--set",
                    "split={random: {test: 0.2}}",
                    "--set",
                    "training.early_stopping={patience: 2}",
                ],
                2,
                &["early stopping needs voxels to validate on", "`validation` share"],
            ),
            (
                &[
                    "run",
                    "job.yaml",
                    "--set",
                    "output.segy={volumes: [probability]}",
                    "--set",
                    "classes=[a b, A_b, c, d, e, f]",
                ],
                2,
                &["two volumes would be called probability-A_b.sgy", "names that differ"],
            ),
            (&["predict", "job.yaml", "--set", "prediction=[]"], 2, &["asks for no interpretation", "{engine: dense}"]),
            (&["evaluate", "job.yaml"], 2, &["holds no trained model", "facies train JOB.yaml"]),
            (&["predict", "job.yaml"], 2, &["holds no trained model", "facies train JOB.yaml"]),
            (&["run", "job.yaml", "--device", "gpu"], 2, &["`gpu` is no device", "cuda:N"]),
            (&["run", "job.yaml", "--threads", "0"], 2, &["0", "--threads"]),
            (&["interpret", "job.yaml"], 2, &["unrecognized subcommand", "--help"]),
        ],
    );
}

#[test]
#[cfg(unix)]
fn a_path_that_is_no_text_is_refused() {
    use std::os::unix::ffi::OsStrExt;
    let workshop = Workshop::new();
    let folder = workshop.path("").join(std::ffi::OsStr::from_bytes(b"no text \xff"));
    if fs::create_dir(&folder).is_err() {
        println!("skipped: this file system knows no such names");
        return;
    }
    for name in ["job.yaml", "cube.sgy", "inline_104.png"] {
        fs::copy(workshop.path(name), folder.join(name)).unwrap();
    }
    let mut command = workshop.command(&["run"]);
    let done = Done::from(command.arg(folder.join("job.yaml")).output().unwrap());
    done.expect_refusal(2, &["job.yaml:5:17: input.segy.path", "no text in UTF-8", "rename the file or folder"]);
    assert!(!workshop.path("runs").exists());
}

#[test]
fn lines_off_the_survey_are_refused_with_those_it_has() {
    let cases: [(&str, &[&str]); 12] = [
        ("prediction.inlines={first: 200, last: 210}", &["no inline of the survey", "inlines 100 to 107"]),
        ("prediction.inlines=[100, 108]", &["no inline 108", "inlines 100 to 107"]),
        ("prediction.crosslines=[299]", &["no crossline 299", "crosslines 300 to 363"]),
        ("prediction.window={traces: [364, 380]}", &["no crossline lies in this range", "crosslines 300 to 363"]),
        ("prediction.window={vertical: [256, 300]}", &["no sample lies in this range", "from 0 to 252 ms"]),
        ("prediction.window={vertical: [101, 103]}", &["no sample lies in this range", "from 0 to 252 ms"]),
        (
            "prediction={engine: dense, inlines: all, crosslines: all}",
            &["prediction.crosslines", "both given", "plane: both"],
        ),
        (
            "prediction={engine: dense, plane: inline, crosslines: all}",
            &["prediction.crosslines", "`plane: inline` interprets inlines", "window"],
        ),
        (
            "prediction={engine: dense, plane: both, inlines: [100, 102]}",
            &["prediction.inlines", "every voxel of a block", "a range without `step`"],
        ),
        (
            "prediction={engine: dense, plane: both, crosslines: {first: 300, last: 310, step: 2}}",
            &["prediction.crosslines", "every voxel of a block"],
        ),
        (
            "prediction={engine: dense, plane: both, window: {traces: [300, 310]}}",
            &["prediction.window.traces", "by `inlines` and `crosslines`"],
        ),
        (
            "prediction={engine: dense, plane: both, crosslines: {first: 364, last: 400}}",
            &["no crossline of the survey", "crosslines 300 to 363"],
        ),
    ];
    let workshop = Workshop::new();
    for (change, parts) in cases {
        refuses(&workshop, &[(&["run", "job.yaml", "--set", change], 2, &[&[change], parts].concat())]);
    }
}

#[test]
fn files_that_are_no_volume_are_refused_with_what_they_are() {
    let workshop = Workshop::new();
    let cube = workshop.read("cube.sgy");
    workshop.write("cut.sgy", &cube[..100_000]);
    workshop.write("header.sgy", &cube[..2000]);
    workshop.write("empty.sgy", "");
    workshop.write("text.sgy", "inline crossline time\n".repeat(1000));
    workshop.write("picture.sgy", workshop.read("inline_104.png"));
    workshop
        .write("noise.sgy", (0..20_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect::<Vec<_>>());
    for (file, parts) in [
        ("cut.sgy", &["ends inside trace 261", "byte offset 99648", "fetch the file again"] as &[&str]),
        ("header.sgy", &["has 2000 bytes", "headers of a SEG-Y file alone take 3600", "fetch the file again"]),
        ("empty.sgy", &["has 0 bytes", "fetch the file again"]),
        ("text.sgy", &["is a text file, not SEG-Y", "give the path of a SEG-Y file"]),
        ("noise.sgy", &["error: "]),
        ("picture.sgy", &["is a PNG picture, not SEG-Y", "give the path of a SEG-Y file"]),
    ] {
        let parts = &[&[file], parts].concat();
        let (input, other) =
            (format!("input.segy.path={file}"), format!("prediction.input={{segy: {{path: {file}}}}}"));
        refuses(
            &workshop,
            &[
                (&["inspect", file], 3, parts),
                (&["run", "job.yaml", "--set", &input], 3, parts),
                (&["run", "job.yaml", "--set", &other], 3, parts),
            ],
        );
    }
    refuses(
        &workshop,
        &[(&["inspect", "gone.sgy"], 3, &["gone.sgy", "No such file"]), (&["inspect", "."], 3, &["not a"])],
    );
}

#[test]
fn labels_that_do_not_fit_the_survey_are_refused() {
    let workshop = Workshop::new();
    workshop.write("off.pts", "99\t300\t100\n104\t364\t100\n104\t300\t256\n");
    workshop.write("broken.pts", "# inline crossline time\n104 300 100\n104 3oo 104\n");
    workshop.write("labels/inline_108.png", workshop.read("inline_104.png"));
    workshop.write("labels/painting.png", workshop.read("inline_104.png"));
    workshop.write("labels/cut.png", &workshop.read("inline_104.png")[..200]);
    let mut encoder = png::Encoder::new(fs::File::create(workshop.path("labels/inline_102.png")).unwrap(), 60, 64);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().unwrap().write_image_data(&[0; 60 * 64]).unwrap();

    let points =
        |file: &str| format!("labels=[{{section: inline_104.png}}, {{points: {{class: salt, path: {file}}}}}]");
    let section = |form: &str| format!("labels=[{{section: {form}}}]");
    for (change, parts) in [
        (
            points("off.pts"),
            &["none of the 3 points of", "off.pts", "inlines 100 to 107", "check their order"] as &[&str],
        ),
        (points("broken.pts"), &["broken.pts:3:5", "`3oo`", "`inline crossline z`"]),
        (section("labels/inline_108.png"), &["inline_108.png", "no inline 108", "from 100 to 107", "`inline: N`"]),
        (
            section("labels/inline_102.png"),
            &["inline_102.png is 60 x 64 pixels", "64 traces x 64 samples", "never resized"],
        ),
        (section("labels/painting.png"), &["painting.png does not say which section", "name it like"]),
        (section("{path: labels/cut.png, inline: 104}"), &["cannot decode", "cut.png", "export the picture again"]),
    ] {
        refuses(&workshop, &[(&["run", "job.yaml", "--set", &change], 3, parts)]);
    }
}

#[test]
fn weights_of_another_network_and_damaged_ones_are_refused() {
    let workshop = Workshop::new();
    workshop.facies(&["train", "job.yaml", "--set", "training.steps=1", "--output", "elsewhere"]).expect(0, &[]);
    let model = workshop.read("elsewhere/small/model.safetensors");
    workshop.write("other.safetensors", &model);
    workshop.write("cut.safetensors", &model[..model.len() / 2]);
    workshop.write("text.safetensors", "weights ".repeat(1000));
    let zeros = vec![0; 64 * 64 * 9 * 4];
    let shapes = [
        ("features.0.weight", vec![32, 3, 3, 3]),
        ("features.0.bias", vec![32]),
        ("features.2.weight", vec![64, 64, 3, 3]),
        ("features.2.bias", vec![64]),
    ];
    let tensors = shapes.map(|(name, shape)| {
        let bytes = shape.iter().product::<usize>() * 4;
        (name, TensorView::new(Dtype::F32, shape, &zeros[..bytes]).unwrap())
    });
    workshop.write("narrow.safetensors", safetensors::serialize(tensors, None).unwrap());
    for (file, parts) in [
        (
            "other.safetensors",
            &["does not hold the weights of this network", "missing features.0.bias", "weights list"] as &[&str],
        ),
        ("narrow.safetensors", &["`features.0.weight` is [32, 3, 3, 3] where [64, 3, 3, 3] is needed", "weights list"]),
        ("cut.safetensors", &["no readable safetensors file", "arrived whole"]),
        ("text.safetensors", &["no readable safetensors file", "arrived whole"]),
    ] {
        let network = format!("network={{vgg16: {{cut: conv1_2, padding: valid, head: [8], weights: {file}}}}}");
        refuses(&workshop, &[(&["run", "job.yaml", "--set", &network], 3, &[&[file], parts].concat())]);
    }
}

#[test]
fn a_device_that_is_not_there_is_refused() {
    let workshop = Workshop::new();
    if workshop.json(&["doctor", "--json"])["cuda_devices"] != 0 {
        println!("skipped: this machine has CUDA");
        return;
    }
    let parts: &[&str] = &["device `cuda:0` is not available", "libcuda.so.1", "--device cpu"];
    refuses(
        &workshop,
        &[
            (&["run", "job.yaml", "--device", "cuda"], 4, parts),
            (&["train", "job.yaml", "--device", "cuda:7"], 4, &["device `cuda:7` is not available"]),
            (&["predict", "job.yaml", "--device", "cuda:0,cuda:2"], 4, &["device `cuda:0,cuda:2` is not available"]),
            (&["run", "job.yaml", "--device", "cuda:all"], 4, &["device `cuda:all` is not available", "libcuda.so.1"]),
        ],
    );
}

#[test]
fn a_finished_run_is_not_replaced_by_another_unless_asked() {
    let workshop = Workshop::new();
    workshop.facies(&["run", "job.yaml"]).expect(0, &[]);
    let finished = workshop.bytes("runs/small");
    let mut other_cube = workshop.read("cube.sgy");
    *other_cube.last_mut().unwrap() ^= 1;
    workshop.write("other.sgy", other_cube);
    for (work, change, stage, difference) in [
        ("run", "training.steps=17", "training", "training.steps: 16 -> 17"),
        ("run", "seed=4", "training", "seed: 3 -> 4"),
        ("run", "input.segy.path=other.sgy", "training", "cube.sgy -> "),
        ("train", "patch.size=67", "training", "patch.size: 65 -> 67"),
        ("evaluate", "split=none", "training", "split: {random: {test: 0.2, validation: 0.1"),
        ("run", "prediction.outputs=[class]", "prediction", "outputs: [class, probability, confidence] -> [class]"),
        ("predict", "prediction.inlines=[100]", "prediction", "inlines: nothing -> [100]"),
    ] {
        let outcome = workshop.facies(&[work, "job.yaml", "--set", change]);
        let holds = format!("holds the {stage} of a job with other settings");
        println!("{change}");
        outcome.expect_refusal(2, &[&holds, difference, "another `name`", "--overwrite"]);
        assert_same_files(&workshop.bytes("runs/small"), &finished);
    }
    let cube = workshop.read("cube.sgy");
    workshop.write("cube.sgy", workshop.read("other.sgy"));
    workshop.facies(&["run", "job.yaml"]).expect_refusal(2, &["input.segy.path: the content of ", "has changed"]);
    workshop.write("cube.sgy", cube);
    // Every copy is damaged in another way, and stays as it is.
    let copy = |name: &str, change: fn(&mut BTreeMap<String, Vec<u8>>)| {
        let mut files = finished.clone();
        change(&mut files);
        files.iter().for_each(|(file, bytes)| workshop.write(&format!("{name}/small/{file}"), bytes));
    };
    copy("no-record", |files| drop(files.remove("run.json")));
    copy("no-json", |files| files.get_mut("run.json").unwrap().truncate(100));
    copy("other-model", |files| *files.get_mut("model.safetensors").unwrap().last_mut().unwrap() ^= 1);
    copy("no-model", |files| files.get_mut("model.safetensors").unwrap().truncate(1000));
    for (output, work, code, parts) in [
        ("no-record", "run", 2, ["holds files, but no run", "another `name`"]),
        ("no-json", "run", 1, ["run.json is damaged", "--overwrite"]),
        (
            "other-model",
            "predict --overwrite",
            3,
            ["model.safetensors was changed after it was trained", "put the trained file back"],
        ),
        ("no-model", "predict --overwrite", 3, ["model.safetensors is no readable safetensors file", "arrived whole"]),
    ] {
        let before = workshop.bytes(output);
        let arguments: Vec<_> = work.split(' ').chain(["job.yaml", "--output", output]).collect();
        workshop.facies(&arguments).expect_refusal(code, &parts);
        assert_same_files(&workshop.bytes(output), &before);
    }

    // What is cut off is made again, and so is everything where the record is lost.
    copy("cut-off", |files| files.get_mut("facies.sgy").unwrap().truncate(5000));
    for arguments in [&["--output", "cut-off"][..], &["--output", "no-json", "--overwrite"]] {
        workshop.facies(&[&["run", "job.yaml"], arguments].concat()).expect(0, &[]);
        assert_same_files(&workshop.run_bytes(&format!("{}/small", arguments[1])), &without_record(finished.clone()));
    }

    workshop.facies(&["run", "job.yaml", "--set", "seed=4", "--overwrite"]).expect(0, &[]);
    let replaced = workshop.bytes("runs/small");
    assert_eq!(replaced.keys().collect::<Vec<_>>(), finished.keys().collect::<Vec<_>>());
    assert!(replaced["model.safetensors"] != finished["model.safetensors"]);
    workshop.facies(&["run", "job.yaml", "--overwrite"]).expect(0, &[]);
    assert_same_files(&workshop.run_bytes("runs/small"), &without_record(finished));
}

fn without_record(mut files: BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Vec<u8>> {
    files.remove("run.json");
    files
}
