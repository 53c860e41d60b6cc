/** @file
 * Decoding texts in tests: one run for each, its objects and diagnostics. */
#ifndef ADIT_TESTS_SCHEMA_DECODING_H
#define ADIT_TESTS_SCHEMA_DECODING_H

#include "base/run.h"
#include "schema/decode.h"

/** A run with its objects. */
struct decoding {
	struct run run;
	struct objects objects;
	struct decoder *decoder;
	bool is_open;
};

/** cmocka setup and teardown: *state is a struct decoding. */
int decoding_setup(void **state);
int decoding_teardown(void **state);
/** Free what @p decoding holds and start afresh. */
void decoding_restart(struct decoding *decoding);
/** Decode a text that has this name. The bytes are copied to the heap, so that sanitizers see their end. */
void decoding_add(struct decoding *decoding, const char *name, const char *bytes, size_t size, const char *name_space);
/** decode_finish(), and the diagnostics sorted. */
void decoding_finish(struct decoding *decoding);
/** Restart, decode one text named "in.yaml", finish. */
void decoding_one(struct decoding *decoding, const char *yaml);
/** The first diagnostic with this code, or NULL. */
const struct diag *decoding_diag(const struct decoding *decoding, const char *code);
/** All diagnostics on standard error, for a failing test. */
void decoding_print(const struct decoding *decoding);

#endif
