/* Objects as typed values: the few functions on them. */
#include "schema/object.h"

#include "base/str.h"

const char *meta_annotation(const struct meta *meta, const char *key, struct span *ret_span)
{
	for (size_t i = 0; i < meta->annotation_count; i++) {
		if (!str_eq(meta->annotations[i].key, key))
			continue;
		if (ret_span)
			*ret_span = meta->annotations[i].span;
		return meta->annotations[i].value;
	}
	return NULL;
}
