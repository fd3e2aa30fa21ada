//! Settings of the engines: memory, precision, preview.

use segy_rs::{OpenOptions, SegyFile};

use crate::workshop::Workshop;

/// A trained run, and the arguments that interpret it with `setting`.
fn predict(setting: &str) -> [&str; 5] {
    ["predict", "job.yaml", "--overwrite", "--set", setting]
}

/// Share of the bytes of two class volumes that differ, without their headers.
fn different_share(a: &[u8], b: &[u8]) -> f64 {
    assert_eq!(a.len(), b.len());
    let different = a.iter().zip(b).skip(3600).filter(|(a, b)| a != b).count();
    different as f64 / (a.len() - 3600) as f64
}

#[test]
fn precision_memory_and_tile_change_no_clear_class() {
    let workshop = Workshop::new();
    workshop.facies(&["run", "job.yaml"]).expect(0, &["dense engine", "f32"]);
    let exact = workshop.read("runs/small/facies.sgy");
    workshop.facies(&predict("prediction.memory=40 MB")).expect(0, &["tiles of at most"]);
    assert!(different_share(&workshop.read("runs/small/facies.sgy"), &exact) < 1e-3);
    workshop.facies(&predict("prediction.precision=auto")).expect(0, &["precision "]);
    assert!(different_share(&workshop.read("runs/small/facies.sgy"), &exact) < 1e-3);
    // Another answer than float32's, so that the setting reaches the network, and yet nearly the same classes.
    let half = workshop.facies(&predict("prediction.precision=bf16"));
    if half.code == Some(4) {
        half.expect_refusal(4, &["bf16", "this CPU has neither AVX512-BF16 nor AMX", "precision: f32"]);
        return;
    }
    half.expect(0, &["bf16"]);
    let share = different_share(&workshop.read("runs/small/facies.sgy"), &exact);
    assert!(share < 0.05, "{share}");
}

#[test]
fn a_preview_resembles_the_whole_and_says_what_it_is() {
    let workshop = Workshop::new();
    let patch = "prediction={engine: patch, inlines: [102, 103], outputs: [class]}";
    let preview = "prediction={engine: patch, stride: 4, inlines: [102, 103], outputs: [class]}";
    workshop.facies(&["run", "job.yaml", "--set", patch]).expect(0, &["patch engine"]);
    let whole = workshop.read("runs/small/facies.sgy");
    workshop.facies(&predict(preview)).expect(0, &["a coarse preview: every 4th trace and sample"]);
    let coarse = workshop.read("runs/small/facies.sgy");
    let share = different_share(&coarse, &whole);
    assert!(share > 0.0 && share < 0.2, "{share}");
    let says = |text: &[u8]| text.windows(18).any(|part| part == b"coarse preview 1:4");
    assert!(says(&workshop.read("runs/small/facies.h5")));
    let segy = SegyFile::open(workshop.path("runs/small/facies.sgy"), &OpenOptions::default()).unwrap();
    assert!(segy.text().lines().any(|line| says(line.as_bytes())));
}

#[test]
fn settings_that_cannot_be_met_are_refused_before_work_with_the_figure() {
    let workshop = Workshop::new();
    let before = workshop.files("");
    let published = "network={waldeland: {padding: same}}";
    for (settings, code, parts) in [
        (&["prediction.memory=1 MB"][..], 2, &["2 workers need", "MiB", "the budget is", "--threads"][..]),
        (&["prediction={engine: dense, tile: 4096, memory: 8 MB}"], 2, &["need", "MiB", "prediction.memory"]),
        (&["prediction.memory=lots"], 2, &["an amount of memory with its unit", "2 GiB"]),
        (&["prediction.precision=tf32"], 4, &["tf32 is not available on `cpu`", "only CUDA devices"]),
        (&["prediction.precision=f16"], 2, &["unknown form `f16`", "did you mean `bf16`"]),
        (&["prediction.stride=4"], 2, &["this belongs to `engine: patch`", "leave `stride` out"]),
        (&["prediction.batch=4"], 2, &["this belongs to `engine: patch`"]),
        (&["prediction={engine: patch, tile: 64}"], 2, &["this belongs to `engine: dense`"]),
        (&[published, "training.form={patch: {batch: 8}}"], 2, &["has no dense form", "engine: patch"]),
    ] {
        println!("{settings:?}");
        let mut arguments = vec!["run", "job.yaml", "--device", "cpu", "--threads", "2"];
        settings.iter().for_each(|setting| arguments.extend(["--set", *setting]));
        workshop.facies(&arguments).expect_refusal(code, parts);
        assert_eq!(workshop.files(""), before);
    }
}

#[test]
fn a_u_net_learns_segments_and_is_told_apart_from_networks_of_patches() {
    let workshop = Workshop::new();
    let unet = [
        "--set",
        "network={unet: {encoder: resnet18, decoder: [8, 8, 8], freeze: {convolutions: 1}}}",
        "--set",
        "training.form={dense: {crop: 32}}",
        "--set",
        "split={stripes: {train: 20, gap: 4, test: 8}}",
    ];
    let with = |command: &'static str, more: &[&'static str]| {
        let mut arguments = vec![command, "job.yaml", "--device", "cpu"];
        arguments.extend(unet);
        arguments.extend(more);
        workshop.facies(&arguments)
    };
    with("run", &["--set", "training.form={dense: {crop: 36}}"]).expect_refusal(
        2,
        &["so the side of a crop is a multiple of 8, and at least 16", "use `crop: 32` or `crop: 40`"],
    );
    with("run", &["--set", "prediction.engine=patch"]).expect_refusal(2, &["does not look at single patches"]);
    // Its gap is far narrower than what the network sees.
    with("run", &[])
        .expect(0, &["U-Net (ResNet18)", "dense engine, whole sections", "768 of 768 test voxels", "143 x 143 voxels"]);
    let metrics: serde_json::Value = serde_json::from_slice(&workshop.read("runs/small/metrics.json")).unwrap();
    assert_eq!(metrics["split"]["leak"], metrics["split"]["test_voxels"]);
    assert!(metrics["split"]["context"].as_u64().unwrap() > 100);
    // A model file is enough to predict.
    let whole = workshop.read("runs/small/facies.sgy");
    with("predict", &["--overwrite"]).expect(0, &["dense engine"]);
    assert_eq!(workshop.read("runs/small/facies.sgy"), whole);

    let explained = with("explain", &["--at", "104,320,100", "--wrong", "1", "--maps"]);
    explained.expect(0, &["explanations/inline-104-crossline-320-100ms.png", "100ms-maps.png"]);
    assert!(explained.answer.lines().count() >= 2);
    assert!(explained.answer.lines().all(|picture| workshop.read(picture).starts_with(b"\x89PNG")));

    let passes = "prediction={engine: dense, monte_carlo: {passes: 3}, inlines: [103], outputs: [class, deviation, mutual_information]}";
    let sampled = |threads| {
        let volumes = "output={segy: {volumes: [deviation, mutual_information]}}";
        with("predict", &["--overwrite", "--set", passes, "--set", volumes, "--threads", threads])
            .expect(0, &["deviation.sgy", "mutual_information.sgy"]);
        ["deviation", "mutual_information"].map(|name| workshop.read(&format!("runs/small/{name}.sgy")))
    };
    let volumes = sampled("1");
    assert!(volumes.iter().all(|volume| *volume != whole) && volumes == sampled("2"));
}
