//! `voxmeld-cli index query`: so that anybody can compare with faiss in Python.

use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use ndarray::Array2;
use ndarray_npy::NpzWriter;
use voxmeld_core::frames::Frames;
use voxmeld_core::retrieval::{Neighbours, SearchParams, blend, open, retrieve, retrieve_like_rvc};
use voxmeld_core::whole_file::check_place;

use super::npy;
use crate::audio::write_with;
use crate::convert::ratio;

#[derive(Args)]
pub struct Query {
    /// Index file
    file: PathBuf,
    /// Queries, `[n, d]`
    #[arg(long)]
    npy: PathBuf,
    /// Neighbours per frame
    #[arg(long, default_value_t = 8)]
    k: usize,
    /// Lists visited per frame
    #[arg(long, default_value_t = 1)]
    n_probe: usize,
    /// Candidates per neighbour for the second look (RFlat); the index's own if 0
    #[arg(long, default_value_t = 0)]
    k_factor: usize,
    /// Blend ratio: 0 = query, 1 = retrieved
    #[arg(long, default_value_t = 0.75, value_parser = ratio)]
    ratio: f32,
    /// RVC's own arithmetic: 8 neighbours, and a frame that RVC could not blend stays as it is
    #[arg(long)]
    rvc_retrieval: bool,
    /// NumPy archive to write: `ids`, `distances`, `retrieved`, `blended`
    #[arg(short, long)]
    output: PathBuf,
}

pub fn run(args: &Query) -> Result<()> {
    check_place(&args.output, 0)?;
    let queries = npy::read(&args.npy)?;
    let index = open(&args.file, Some(queries.dim()))?;
    let params = SearchParams {
        k: if args.rvc_retrieval { 8 } else { args.k },
        n_probe: args.n_probe,
        k_factor: args.k_factor,
        ..SearchParams::default()
    };
    let mut found = Neighbours::default();
    index.search(&queries, params, &mut found)?;
    let mut retrieved = Frames::new(queries.dim());
    let mut blended = Frames::new(queries.dim());
    retrieved.resize(queries.len());
    blended.resize(queries.len());
    for (frame, query) in queries.rows().enumerate() {
        let out = retrieved.row_mut(frame);
        let used = if args.rvc_retrieval {
            retrieve_like_rvc(&found, &*index, frame, out)
        } else {
            retrieve(&found, &*index, &queries, frame, out).used > 0
        };
        if !used {
            out.copy_from_slice(query);
        }
        blend(query, retrieved.row(frame), args.ratio, blended.row_mut(frame));
    }
    write_with(&args.output, |file| {
        write_archive(file, &queries, found, &retrieved, &blended)
    })
}

fn write_archive(
    file: &mut BufWriter<File>,
    queries: &Frames,
    found: Neighbours,
    retrieved: &Frames,
    blended: &Frames,
) -> Result<()> {
    let mut npz = NpzWriter::new(file);
    let by_k = (queries.len(), found.k);
    npz.add_array("ids", &Array2::from_shape_vec(by_k, found.ids)?)?;
    npz.add_array("distances", &Array2::from_shape_vec(by_k, found.distances)?)?;
    let by_dim = (queries.len(), queries.dim());
    npz.add_array(
        "retrieved",
        &Array2::from_shape_vec(by_dim, retrieved.data().to_vec())?,
    )?;
    npz.add_array(
        "blended",
        &Array2::from_shape_vec(by_dim, blended.data().to_vec())?,
    )?;
    npz.finish()?;
    Ok(())
}
