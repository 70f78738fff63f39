-- The certificates that are there, in the order in which they were certified. Done again it changes nothing.
UPDATE settlement_certificate c
  JOIN (SELECT settled_on, generation, ROW_NUMBER() OVER (ORDER BY certified_at, settled_on, generation) AS place FROM settlement_certificate) o
    ON o.settled_on = c.settled_on AND o.generation = c.generation
  SET c.sequence = o.place WHERE c.sequence IS NULL
