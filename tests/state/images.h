/** @file What the tests of images share: a state with everything in it that resources can have, and its comparison. */
#ifndef ADIT_TESTS_STATE_IMAGES_H
#define ADIT_TESTS_STATE_IMAGES_H

#include "fixture.h"

/** Tunnels, their rules and CNAMEs: at least @p count resources of all forms; arena. */
struct recorded *images_make(struct arena *arena, size_t count, size_t *ret_count);
/** Every field of every item, in order, and all else that was loaded. */
void images_compare(const struct recorded_state *a, const struct recorded_state *b);

#endif
