//! Exact search in plain Rust: the reference of the tests, and the better choice
//! for sets so small that an inverted file only costs recall.

use super::rows::Rows;
use super::{
    EmbeddingIndex, IdFilter, MAX_K, Metric, NO_NEIGHBOUR, Neighbours, SearchError, SearchParams, distance,
};
use crate::frames::Frames;

/// Vectors that are compared before any of them is offered.
const BLOCK: usize = 64;

/// All vectors, compared one by one. Equal distances go to the lower id.
#[derive(Clone, Debug)]
pub struct FlatIndex {
    vectors: Rows,
    metric: Metric,
}

impl FlatIndex {
    /// An index of these vectors; ids are their row numbers.
    #[must_use]
    pub fn new(vectors: Frames, metric: Metric) -> Self {
        let mut rows = Rows::with_room_for(vectors.dim(), vectors.data().len());
        rows.extend(vectors.data());
        Self::of_rows(rows, metric)
    }

    /// The same of vectors that are where they shall stay.
    pub(super) fn of_rows(vectors: Rows, metric: Metric) -> Self {
        Self { vectors, metric }
    }

    fn search_where(
        &self,
        queries: &Frames,
        params: SearchParams,
        allows: impl Fn(i64) -> bool,
        out: &mut Neighbours,
    ) -> Result<(), SearchError> {
        check_queries(self, queries)?;
        let k = params.k.clamp(1, MAX_K);
        out.reset(k, queries.len(), self.metric);
        for (frame, query) in queries.rows().enumerate() {
            let slots = frame * k..(frame + 1) * k;
            let mut best = Best::new(
                &mut out.ids[slots.clone()],
                &mut out.distances[slots],
                self.metric,
            );
            let blocks = self.vectors.data().chunks(BLOCK * self.vectors.dim());
            for (first, rows) in (0_i64..).step_by(BLOCK).zip(blocks) {
                let mut distances = [0.0; BLOCK];
                let distances = &mut distances[..rows.len() / query.len()];
                let mut ids = (first..).take(distances.len());
                if !ids.any(&allows) {
                    continue;
                }
                distance::to_rows(self.metric, query, rows, distances);
                best.offer_all(first, distances, &allows);
            }
        }
        Ok(())
    }
}

impl EmbeddingIndex for FlatIndex {
    fn dim(&self) -> usize {
        self.vectors.dim()
    }

    fn len(&self) -> usize {
        self.vectors.len()
    }

    fn metric(&self) -> Metric {
        self.metric
    }

    fn search(
        &self,
        queries: &Frames,
        params: SearchParams,
        out: &mut Neighbours,
    ) -> Result<(), SearchError> {
        self.search_where(queries, params, |_| true, out)
    }

    fn search_among(
        &self,
        queries: &Frames,
        params: SearchParams,
        among: &IdFilter,
        out: &mut Neighbours,
    ) -> Result<(), SearchError> {
        self.search_where(queries, params, |id| among.allows(id), out)
    }

    fn vector(&self, id: i64, out: &mut [f32]) -> bool {
        let Some(row) = usize::try_from(id).ok().filter(|&row| row < self.len()) else {
            return false;
        };
        out.copy_from_slice(self.vectors.row(row));
        true
    }
}

/// What every index asks of its queries.
pub(super) fn check_queries(
    index: &(impl EmbeddingIndex + ?Sized),
    queries: &Frames,
) -> Result<(), SearchError> {
    if queries.dim() != index.dim() {
        return Err(SearchError::Dimension {
            index: index.dim(),
            query: queries.dim(),
        });
    }
    if queries.data().iter().any(|value| !value.is_finite()) {
        return Err(SearchError::NonFiniteQuery);
    }
    Ok(())
}

impl Neighbours {
    /// `frames` frames of `k` empty slots, in the memory that is there. The
    /// distance of an empty slot is the worst there is, as in faiss.
    pub(super) fn reset(&mut self, k: usize, frames: usize, metric: Metric) {
        self.k = k;
        self.ids.clear();
        self.ids.resize(k * frames, NO_NEIGHBOUR);
        self.distances.clear();
        self.distances.resize(k * frames, metric.worst());
    }

    /// Keeps of every frame the best `k` whose ids pass.
    pub(super) fn keep(&mut self, k: usize, metric: Metric, allows: impl Fn(i64) -> bool) {
        let whole = std::mem::take(self);
        self.reset(k, whole.ids.len() / whole.k.max(1), metric);
        for frame in 0..self.ids.len() / k {
            let (ids, distances) = whole.of_frame(frame);
            let passing = ids
                .iter()
                .zip(distances)
                .filter(|(id, _)| **id >= 0 && allows(**id));
            for (slot, (&id, &distance)) in (frame * k..(frame + 1) * k).zip(passing) {
                self.ids[slot] = id;
                self.distances[slot] = distance;
            }
        }
    }
}

impl Metric {
    /// What an empty slot holds: the worst value there is, as in faiss.
    pub(crate) const fn worst(self) -> f32 {
        match self {
            Self::L2 => f32::MAX,
            Self::InnerProduct => f32::MIN,
        }
    }
}

/// Distances that [`Best::offer_all`] looks at together.
const LOOK: usize = 16;

/// The best `k` so far, sorted: an insertion, because `k` is small and most
/// vectors fail the first comparison.
pub(super) struct Best<'a> {
    ids: &'a mut [i64],
    distances: &'a mut [f32],
    metric: Metric,
    found: usize,
}

impl<'a> Best<'a> {
    /// Nothing so far, in slots that [`Neighbours::reset`] has emptied.
    pub(super) fn new(ids: &'a mut [i64], distances: &'a mut [f32], metric: Metric) -> Self {
        Self {
            ids,
            distances,
            metric,
            found: 0,
        }
    }

    /// Offers vectors of ids that follow each other; those that `allows`.
    pub(super) fn offer_all(&mut self, first: i64, distances: &[f32], allows: impl Fn(i64) -> bool) {
        for (first, some) in (first..).step_by(LOOK).zip(distances.chunks(LOOK)) {
            // Most are worse than the worst one kept: comparing several at once is quick.
            let limit = self.distances[self.distances.len() - 1];
            let any = match self.metric {
                Metric::L2 => some.iter().fold(false, |any, &distance| any | (distance < limit)),
                Metric::InnerProduct => some.iter().fold(false, |any, &distance| any | (distance > limit)),
            };
            if !any {
                continue;
            }
            for (id, &distance) in (first..).zip(some).filter(|(id, _)| allows(*id)) {
                self.offer(id, distance);
            }
        }
    }

    pub(super) fn offer(&mut self, id: i64, distance: f32) {
        // Strictly better: the earlier of two equals, which has the lower id, stays ahead.
        let better = |than: f32| match self.metric {
            Metric::L2 => distance < than,
            Metric::InnerProduct => distance > than,
        };
        let full = self.found == self.ids.len();
        let last = self.ids.len() - 1;
        // An overflowed distance (or NaN) is no neighbour, full or not.
        if !distance.is_finite() || (full && !better(self.distances[last])) {
            return;
        }
        let mut slot = if full { last } else { self.found };
        while slot > 0 && better(self.distances[slot - 1]) {
            self.distances[slot] = self.distances[slot - 1];
            self.ids[slot] = self.ids[slot - 1];
            slot -= 1;
        }
        self.distances[slot] = distance;
        self.ids[slot] = id;
        self.found = (self.found + 1).min(self.ids.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(metric: Metric) -> FlatIndex {
        FlatIndex::new(
            Frames::from_data(2, vec![0.0, 0.0, 3.0, 4.0, 3.0, 4.0, -1.0, 0.0]),
            metric,
        )
    }

    fn search(index: &FlatIndex, query: [f32; 2], k: usize) -> Neighbours {
        let mut out = Neighbours::default();
        let params = SearchParams {
            k,
            ..SearchParams::default()
        };
        index
            .search(&Frames::from_data(2, query.to_vec()), params, &mut out)
            .expect("searched");
        out
    }

    #[test]
    fn l2_gives_squared_distances_and_the_lower_id_of_equals() {
        let found = search(&index(Metric::L2), [3.0, 0.0], 3);
        assert_eq!(found.ids, [0, 1, 2]);
        assert_eq!(found.distances, [9.0, 16.0, 16.0]);
    }

    #[test]
    fn inner_product_gives_the_largest_first() {
        let found = search(&index(Metric::InnerProduct), [1.0, 2.0], 4);
        assert_eq!(found.ids, [1, 2, 0, 3]);
        assert_eq!(found.distances, [11.0, 11.0, 0.0, -1.0]);
    }

    #[test]
    fn slots_beyond_the_set_stay_empty() {
        let found = search(&index(Metric::L2), [0.0, 0.0], 6);
        assert_eq!(found.ids, [0, 3, 1, 2, NO_NEIGHBOUR, NO_NEIGHBOUR]);
        assert_eq!(found.distances, [0.0, 1.0, 25.0, 25.0, f32::MAX, f32::MAX]);
    }

    #[test]
    fn k_is_held_to_its_range() {
        assert_eq!(search(&index(Metric::L2), [0.0, 0.0], 0).k, 1);
        assert_eq!(search(&index(Metric::L2), [0.0, 0.0], usize::MAX).k, MAX_K);
    }

    #[test]
    fn a_distance_that_overflows_is_no_neighbour() {
        let far = FlatIndex::new(Frames::from_data(1, vec![-3e38, 1.0]), Metric::L2);
        let mut out = Neighbours::default();
        let queries = Frames::from_data(1, vec![3e38]);
        far.search(&queries, SearchParams::default(), &mut out)
            .expect("searched");
        assert!(out.ids.iter().all(|&id| id == NO_NEIGHBOUR));
    }

    #[test]
    fn queries_of_another_size_or_without_a_value_are_refused() {
        let index = index(Metric::L2);
        let mut out = Neighbours::default();
        let wide = index.search(
            &Frames::from_data(3, vec![0.0; 3]),
            SearchParams::default(),
            &mut out,
        );
        assert!(matches!(wide, Err(SearchError::Dimension { index: 2, query: 3 })));
        let nan = index.search(
            &Frames::from_data(2, vec![0.0, f32::NAN]),
            SearchParams::default(),
            &mut out,
        );
        assert!(matches!(nan, Err(SearchError::NonFiniteQuery)));
    }

    #[test]
    fn vectors_by_id() {
        let mut out = [0.0; 2];
        assert!(index(Metric::L2).vector(1, &mut out));
        assert_eq!(out, [3.0, 4.0]);
        for id in [NO_NEIGHBOUR, 4, i64::MIN, i64::MAX] {
            assert!(!index(Metric::L2).vector(id, &mut out), "{id}");
        }
    }
}
