-- The only row of the book of terms.
INSERT INTO terms_book (book_id, revision)
SELECT 1, 0 FROM (SELECT COUNT(*) AS n FROM terms_book) AS existing WHERE existing.n = 0
