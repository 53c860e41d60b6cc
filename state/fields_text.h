/** @file
 * The fields of a resource, read in the place of their text, where that has the form in which rows are written. It is what
 * json_parse() and resource_from_json() make of it, at a fraction of the work. */
#ifndef ADIT_STATE_FIELDS_TEXT_H
#define ADIT_STATE_FIELDS_TEXT_H

#include "schema/resource.h"

#define FIELDS_TEXT_MOST 8u

/** The fields of a kind in the order in which they are written. */
struct fields_form {
	enum resource_kind kind;
	size_t count;
	struct {
		const struct field *field;
		size_t size; /**< of its name */
	} parts[FIELDS_TEXT_MOST];
};

void fields_form_init(struct fields_form *form, enum resource_kind kind);

/** Read fields that are canonical JSON (json_write_canonical()) and simple: texts without escapes, all ASCII, no documents but
 * the order of a tunnel's rules.
 * @param text   ends with a NUL; changed: values stay where they are, and get a NUL where their quotation mark was
 * @param arena  for the order of rules
 * @param ret_resource  its fields, all absent before; they are borrowed from @p text
 * @return RC_OK; RC_NOTFOUND of another form, or none: neither @p text nor the fields are of any use then; RC_NOMEM */
enum rc fields_text_read(const struct fields_form *form, struct arena *arena, char *text, size_t size,
			 struct resource *ret_resource) MUST_CHECK;

#endif
