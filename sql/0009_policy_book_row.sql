-- The policy book's only row.
INSERT INTO policy_book (book_id, revision)
SELECT 1, 0 FROM (SELECT COUNT(*) AS n FROM policy_book) AS existing WHERE existing.n = 0
