-- How to log in to a remote; NULL takes the strongest way that both sides have.
ALTER TABLE remotes ADD COLUMN mechanism TEXT;
