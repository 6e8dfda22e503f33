//! Archives of voices: complete, damaged and manipulated ones, written with the same library that reads them.

use super::{Folder, INDEX, VOICE, data, index_of};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use rawzip::{CompressionMethod, ZipArchiveWriter};
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use voxmeld_core::library;

/// A deflated archive of `members`.
fn zip(path: &Path, members: Vec<(&str, Box<dyn Read>)>) {
    let mut archive = ZipArchiveWriter::new(fs::File::create(path).expect("created"));
    for (name, mut content) in members {
        let (mut entry, config) = archive
            .new_file(name)
            .compression_method(CompressionMethod::DEFLATE)
            .start()
            .expect("an entry");
        let encoder = DeflateEncoder::new(&mut entry, Compression::fast());
        let mut writer = config.wrap(encoder);
        std::io::copy(&mut content, &mut writer).expect("written");
        let (encoder, descriptor) = writer.finish().expect("finished");
        encoder.finish().expect("finished");
        entry.finish(descriptor).expect("finished");
    }
    archive.finish().expect("finished").flush().expect("flushed");
}

fn file(path: &str) -> Box<dyn Read> {
    Box::new(fs::File::open(data(path)).unwrap_or_else(|error| panic!("{path}: {error}")))
}

#[test]
fn voice_index_and_picture_in_any_folders_of_an_archive_become_one_voice() {
    let folder = Folder::new("archive");
    let path = folder.0.join("Anna (RVC).zip");
    zip(
        &path,
        vec![
            ("__MACOSX/._Anna.pth", Box::new(&b"resource fork"[..])),
            ("../../Anna/weights/Anna.pth", file(VOICE)),
            ("Anna\\model.index", file(INDEX)),
            ("Anna/cover.png", Box::new(&b"no real picture"[..])),
            ("Anna/readme.txt", Box::new(&b"hello"[..])),
        ],
    );
    let imported = folder.import(&[path]).expect("imported");
    let [voice] = &imported.voices[..] else {
        panic!("{imported:?}")
    };
    assert_eq!(voice.manifest.name, "Anna");
    assert_eq!(index_of(voice), Some("model.index".into()));
    let mut names: Vec<String> = fs::read_dir(&voice.folder)
        .expect("a folder")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    assert_eq!(names, ["Anna.pth", "cover.png", "model.index", "voice.toml"]);
    assert!(!folder.0.join("Anna").exists(), "nothing is written elsewhere");
}

#[test]
fn a_zip_bomb_is_rejected_before_it_fills_the_disk_and_leaves_no_files() {
    let folder = Folder::new("bomb");
    let path = folder.0.join("bomb.zip");
    zip(
        &path,
        vec![("Anna.pth", Box::new(std::io::repeat(0).take(400 << 20)))],
    );
    let error = folder.import(&[path]).expect_err("a bomb").to_string();
    assert!(error.contains("unpacks to more than"), "{error}");
    assert_eq!(library::voices(&folder.own()), []);
}

#[test]
fn damaged_archives_are_rejected_with_a_message() {
    let folder = Folder::new("damaged");
    let path = folder.0.join("Anna.zip");
    zip(&path, vec![("Anna.pth", file(VOICE))]);
    let whole = fs::read(&path).expect("read");
    let mut changed = whole.clone();
    changed[whole.len() / 2] ^= 0x55;
    for bytes in [
        &whole[..whole.len() / 2],
        &changed[..],
        &b"PK\x03\x04"[..],
        &[][..],
    ] {
        fs::write(&path, bytes).expect("written");
        let error = folder
            .import(std::slice::from_ref(&path))
            .expect_err("damaged")
            .to_string();
        assert!(error.len() > 40, "{error}");
        assert_eq!(library::voices(&folder.own()), []);
    }
}
