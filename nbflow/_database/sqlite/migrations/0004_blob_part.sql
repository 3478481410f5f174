-- Long values in parts, which similar values share.

CREATE TABLE blob_part (
    part INTEGER NOT NULL,      -- a blob whose data is a part of another's value
    whole INTEGER NOT NULL,     -- that one: codec 'parts', data the hashes of its parts in order
    PRIMARY KEY (part, whole)
) WITHOUT ROWID;
