/** @file
 * What an image is believed of: the file of the database, byte by byte, as the transaction that runs sees it.
 *
 * The file is read through SQLite's own handle: closing another descriptor of it would drop the locks of all connections of
 * this process. While the transaction holds its SHARED lock nobody can write to the file, and what SQLite reads is the file
 * alone, unless it has a WAL. */
#include "state/sqlite.h"

#include <stdlib.h>
#include <string.h>

#include "state/image.h"

#define PIECE_BYTES (256 * 1024)
/* In the head of the file: 1 in both places says that there is no WAL. */
#define HEAD_BYTES 100
#define HEAD_WRITE_VERSION 18
#define HEAD_READ_VERSION 19

static bool hash_pieces(struct sqlite_store *s, sqlite3_file *file, char *piece, struct hash *hash)
{
	sqlite3_int64 size = 0;

	if (file->pMethods->xFileSize(file, &size) != SQLITE_OK || size < HEAD_BYTES)
		return false;
	for (sqlite3_int64 at = 0; at < size; at += PIECE_BYTES) {
		int length = size - at < PIECE_BYTES ? (int)(size - at) : PIECE_BYTES;

		if (run_is_interrupted(s->sql.run) || file->pMethods->xRead(file, piece, length, at) != SQLITE_OK)
			return false;
		if (!at && (piece[HEAD_WRITE_VERSION] != 1 || piece[HEAD_READ_VERSION] != 1))
			return false;
		hash_add(hash, piece, (size_t)length);
	}
	return true;
}

static bool hash_file(struct sqlite_store *s, struct hash *hash)
{
	sqlite3_file *file = NULL;
	char *piece;
	bool is_done;

	/* A copy in memory has no file. */
	if (sqlite3_txn_state(s->db, "main") != SQLITE_TXN_READ ||
	    sqlite3_file_control(s->db, "main", SQLITE_FCNTL_FILE_POINTER, (void *)&file) != SQLITE_OK || !file ||
	    !file->pMethods)
		return false;
	piece = malloc(PIECE_BYTES);
	is_done = piece && hash_pieces(s, file, piece, hash);
	free(piece);
	return is_done;
}

/** The key of the transaction that runs. @return false: there is none */
static bool make_key(struct sqlite_store *s)
{
	struct hash *hash = hash_new(0);

	s->has_image_key = hash && hash_file(s, hash);
	if (!s->has_image_key) {
		hash_free(hash);
		return false;
	}
	image_identify(hash);
	hash_add(hash, s->sql.base.project, strlen(s->sql.base.project) + 1);
	hash_end(hash, s->image_key);
	return true;
}

void sqlite_keep_image(struct sql_store *store, const char *path, bool may_write)
{
	struct sqlite_store *s = (struct sqlite_store *)store;

	s->image_path = arena_strdup(store->run->arena, path);
	s->may_write_image = may_write && store->read_only;
}

enum rc sqlite_image_read(struct sql_store *store, struct arena *arena, struct recorded_state *state, bool *ret_is_read)
{
	struct sqlite_store *s = (struct sqlite_store *)store;
	enum rc rc = RC_NOTFOUND;

	*ret_is_read = false;
	s->has_image_key = false;
	if (!s->image_path)
		return RC_OK;
	if (image_is_there(s->image_path)) {
		/* A transaction only begins, and takes the lock, with its first read. */
		rc = sqlite_run_text(s, "SELECT count(*) FROM sqlite_schema");
		if (rc)
			return rc;
		rc = make_key(s) ? image_read(s->image_path, s->image_key, arena, state) : RC_NOTFOUND;
	}
	*ret_is_read = !rc;
	/* What an image was made of was checked then; what one is made of is checked now, whatever was before. */
	if (!rc || s->may_write_image)
		s->is_unchecked = rc != RC_OK;
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

void sqlite_image_write(struct sql_store *store, const struct recorded_state *state)
{
	struct sqlite_store *s = (struct sqlite_store *)store;

	if (s->image_path && s->may_write_image && state->count >= IMAGE_ROWS_LEAST && (s->has_image_key || make_key(s)))
		image_write(s->image_path, s->image_key, state);
}
