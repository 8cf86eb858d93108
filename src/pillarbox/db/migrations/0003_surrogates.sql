-- What a client that is not in UTF8 mode is sent: octets of the surrogate and of its header, NULL
-- where the message needs none. The edition says which form of surrogate was measured; 0: none yet.
ALTER TABLE blobs ADD COLUMN surrogate_octets INTEGER;
ALTER TABLE blobs ADD COLUMN surrogate_header_octets INTEGER;
ALTER TABLE blobs ADD COLUMN surrogate_edition INTEGER NOT NULL DEFAULT 0;
