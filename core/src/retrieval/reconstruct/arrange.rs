//! Ids of a file's own, in order.

use crate::retrieval::rows::Rows;

/// The row of each id, and the ids in the order of the rows unless they are 0, 1, 2, ...
/// Equal ids keep their order.
pub(super) fn rows_of(ids: &[i64]) -> (Vec<u32>, Option<Vec<i64>>) {
    let mut order: Vec<usize> = (0..ids.len()).collect();
    order.sort_by_key(|&n| ids[n]);
    let mut rows = vec![0; ids.len()];
    for (row, &n) in (0..).zip(&order) {
        rows[n] = row;
    }
    let own = (0..).zip(&order).any(|(row, &n)| ids[n] != row);
    let sorted = own.then(|| order.iter().map(|&n| ids[n]).collect());
    (rows, sorted)
}

/// Vectors moved to their rows.
pub(super) fn move_rows(vectors: Rows, rows: &[u32]) -> Rows {
    if rows.is_sorted() {
        return vectors;
    }
    let mut moved = Rows::zeros(vectors.dim(), vectors.len());
    for (n, &row) in rows.iter().enumerate() {
        moved.row_mut(row as usize).copy_from_slice(vectors.row(n));
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_their_own_are_sorted_and_equal_ones_keep_their_order() {
        assert_eq!(rows_of(&[2, 0, 1]), (vec![2, 0, 1], None));
        assert_eq!(
            rows_of(&[70, -1, 70, 5]),
            (vec![2, 0, 3, 1], Some(vec![-1, 5, 70, 70]))
        );
        let mut vectors = Rows::with_room_for(1, 3);
        vectors.extend(&[10.0, 20.0, 30.0]);
        assert_eq!(move_rows(vectors, &[2, 0, 1]).data(), [20.0, 30.0, 10.0]);
    }
}
