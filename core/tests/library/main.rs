//! Imports of voices into a library: from a single file, with its index, from archives, and rejected files.

mod archives;

use std::fs;
use std::path::{Path, PathBuf};
use voxmeld_core::library::{self, ImportError, Imported, LibraryVoice};
use voxmeld_core::selection::{IndexRef, VoiceSelection};

fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/data")
        .join(path)
}

/// An empty folder that is removed at the end of the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("voxmeld-library-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("from")).expect("a folder");
        Self(folder)
    }

    /// Copies test data to `from/NAME`.
    fn put(&self, of: &str, name: &str) -> PathBuf {
        let path = self.0.join("from").join(name);
        fs::copy(data(of), &path).unwrap_or_else(|error| panic!("{of}: {error}"));
        path
    }

    fn own(&self) -> PathBuf {
        self.0.join("own ü")
    }

    fn import(&self, files: &[PathBuf]) -> Result<Imported, ImportError> {
        let imported = library::import(files, &self.own(), None);
        let left: Vec<String> = fs::read_dir(self.own().join("voices"))
            .expect("a library")
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .filter(|name| name.starts_with('.'))
            .collect();
        assert_eq!(left, [] as [String; 0], "unfinished work was left behind");
        imported
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const VOICE: &str = "import/v2_48k_f16.pth";
const OTHER: &str = "import/v1_40k_mixed_legacy_4.pth";
const INDEX: &str = "retrieval/flat_l2.index";

fn index_of(voice: &LibraryVoice) -> Option<String> {
    voice.manifest.index.as_ref().map(|index| index.file.clone())
}

#[test]
fn a_single_voice_is_copied_with_the_properties_of_its_file() {
    let folder = Folder::new("alone");
    let voice = folder.put(OTHER, "Sängerin_e200_s4000.pth");
    let imported = folder.import(std::slice::from_ref(&voice)).expect("imported");
    fs::remove_file(voice).expect("the copy counts");
    let [made] = &imported.voices[..] else {
        panic!("{imported:?}")
    };
    let manifest = &made.manifest;
    assert_eq!(manifest.name, "Sängerin");
    assert_eq!(
        (
            manifest.embedding,
            manifest.rate_hz,
            manifest.f0,
            manifest.speakers
        ),
        (Some(256), Some(40_000), Some(true), Some(4))
    );
    assert_eq!(
        (manifest.info.as_deref(), &manifest.licence[..]),
        (Some("10epoch"), "unknown")
    );
    assert_eq!(index_of(made), None);
    assert_eq!(library::voices(&folder.own()), imported.voices);
    let selection = made.selection(&VoiceSelection::default());
    let file = selection.synthesizer.as_ref().expect("a voice");
    let found = library::identify(&file.path, || false).expect("it is there");
    assert_eq!(&found, file);
    assert_eq!(selection.index, Some(IndexRef::None));
}

#[test]
fn an_index_is_paired_by_name_from_the_command_or_from_the_voices_folder() {
    let folder = Folder::new("paired");
    let one = folder.put(VOICE, "Anna.pth");
    let other = folder.put(OTHER, "Bert.pth");
    let anna = folder.put(INDEX, "added_IVF25_Flat_nprobe_1_anna_v2.index");
    // An index next to its voice that is not among the given files; and one without vectors.
    folder.put(INDEX, "added_IVF25_Flat_nprobe_1_Bert_v1.index");
    folder.put(INDEX, "trained_IVF25_Flat_nprobe_1_Bert_v1.index");
    let imported = folder.import(&[other, one, anna]).expect("imported");
    let indices: Vec<Option<String>> = imported.voices.iter().map(index_of).collect();
    assert_eq!(
        indices,
        [
            Some("added_IVF25_Flat_nprobe_1_Bert_v1.index".into()),
            Some("added_IVF25_Flat_nprobe_1_anna_v2.index".into())
        ]
    );
    assert_eq!(imported.left_out, [] as [String; 0]);
}

#[test]
fn an_existing_voice_is_not_copied_again_and_another_with_its_name_gets_a_number() {
    let folder = Folder::new("twice");
    let voice = folder.put(VOICE, "Anna.pth");
    let first = folder.import(std::slice::from_ref(&voice)).expect("imported");
    let again = folder.import(&[voice]).expect("imported");
    assert_eq!(first.voices, again.voices);
    let other = folder.put(OTHER, "Anna.pth");
    let third = folder.import(&[other]).expect("imported");
    assert!(third.voices[0].folder.ends_with("Anna 2"));
    assert_eq!(library::voices(&folder.own()).len(), 2);
}

#[test]
fn an_encoder_is_installed_and_found_by_its_number_of_values() {
    let folder = Folder::new("encoder");
    let own = folder.own();
    let voice = folder.import(&[data(VOICE)]).expect("imported").voices.remove(0);
    let missing = library::missing_encoder(&voice, &own).expect("no encoder is installed");
    for words in ["768 values", "hubert_base.pt", "checkpoint_best_legacy_500.pt"] {
        assert!(missing.contains(words), "no \"{words}\" in: {missing}");
    }
    assert_eq!(library::installed_encoder(&own, 256), None);
    let imported = folder
        .import(&[data("encoders/hubert_base.pt")])
        .expect("imported");
    assert_eq!(imported.encoders, [own.join("encoders/hubert_base.pt")]);
    for dim in [256, 128] {
        let found = library::installed_encoder(&own, dim);
        assert_eq!(found, Some(own.join("encoders/hubert_base.pt")), "{dim}");
    }
    assert_eq!(library::installed_encoder(&own, 768), None);
}

#[test]
fn for_files_that_are_not_voices_the_error_says_what_they_are_and_what_to_do() {
    let folder = Folder::new("others");
    let trained = folder.put(INDEX, "trained_IVF25_Flat_nprobe_1_Anna_v2.index");
    let text = folder.0.join("readme.txt");
    fs::write(&text, "hello").expect("written");
    let error = folder.import(&[
        data("import/training_G.pth"),
        data("import/rmvpe.pt"),
        data("import/code.pth"),
        trained,
        text,
        folder.0.join("nowhere.pth"),
    ]);
    let text = error.expect_err("nothing is a voice").to_string();
    for words in [
        "there is no voice and no encoder",
        "a training checkpoint",
        "the pitch tracker RMVPE",
        "nothing was run",
        "holds no vectors",
        "readme.txt was left out",
        "nowhere.pth was left out",
    ] {
        assert!(text.contains(words), "no \"{words}\" in: {text}");
    }
    assert_eq!(library::voices(&folder.own()), []);
}
