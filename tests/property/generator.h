/** @file
 * One byte-driven generator of worlds: the same bytes give the same manifests. Every byte string is a valid world. */
#ifndef ADIT_TESTS_PROPERTY_GENERATOR_H
#define ADIT_TESTS_PROPERTY_GENERATOR_H

#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

/** Bytes that decide; zeros when they run out. */
struct choices {
	const uint8_t *bytes;
	size_t size, next;
};

/** A number below @p limit. */
unsigned choices_take(struct choices *choices, unsigned limit);

#define GENERATOR_DOCUMENTS 24

/** Manifests, one document each, so that tests can shuffle them. */
struct generated {
	struct strbuf documents[GENERATOR_DOCUMENTS];
	size_t count;
};

/** Gateways, Routes of two kinds, grants, a policy and a native Tunnel in zones example.com and example.net. */
void generate(struct choices *choices, struct generated *generated);
void generated_done(struct generated *generated);

#endif
