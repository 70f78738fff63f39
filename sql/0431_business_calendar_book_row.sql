-- The only row of the calendar's book.
INSERT INTO business_calendar_book (book_id, version)
SELECT 1, 0 FROM (SELECT COUNT(*) AS n FROM business_calendar_book) AS existing WHERE existing.n = 0
