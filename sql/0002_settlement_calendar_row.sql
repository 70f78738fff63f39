-- The calendar's only row.
INSERT INTO settlement_calendar (calendar_id, shut_through)
SELECT 1, NULL FROM (SELECT COUNT(*) AS n FROM settlement_calendar) AS existing WHERE existing.n = 0
