/** @file
 * Shared by the parts that read a project file; nobody else includes it. */
#ifndef ADIT_SCHEMA_PROJECT_INTERNAL_H
#define ADIT_SCHEMA_PROJECT_INTERNAL_H

#include "schema/project.h"
#include "schema/yaml.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/** One reading of one file. Faults are added as they are found and the reading goes on, so that all are told at once. */
struct reading {
	struct arena *arena;
	struct diags *diags;
	const struct text *text;
	const struct text *unshown; /**< the text's name without its bytes: places whose line may hold a secret */
	bool is_invalid;            /**< a fault was added */
};

struct project_key;

/** A value that is being read. */
struct setting {
	const char *path;              /**< "spec.accounts[0].url", for messages */
	const struct node *node;
	const struct project_key *key; /**< its row */
	void *object;                  /**< what the row's offsets point into */
};

/** Read one value into its object. Faults go through reading_fault(). @return RC_OK also then; RC_NOMEM */
typedef enum rc (*project_reader)(struct reading *reading, const struct setting *setting);

/** True when a text is acceptable. */
typedef bool (*project_check)(const char *text);

/** A key of the project file. */
struct project_key {
	const char *name;
	project_reader read;           /**< NULL: a key that this adit does not read yet */
	size_t offset;                 /**< of the value in its object */
	size_t count_offset;           /**< lists: of the number of items */
	int64_t min, max;              /**< integers */
	project_check check;           /**< texts; NULL: any but the empty one */
	const char *form;              /**< what check accepts, in words: "must be ..." */
	const char *need;              /**< the key is required: what to add when it is missing */
	bool is_unshown;               /**< its line may hold a secret: diagnostics do not show it */
};

/** A mapping of the project file: its keys. */
struct project_table {
	const struct project_key *keys;
	size_t count;
	size_t size;                   /**< of the struct that it fills, for lists of it */
	bool is_unshown;               /**< an unknown key in it may be a secret's */
};

/** Add an error at the value; @p format says what is wrong, after the path. @return to be given a help */
struct diag *reading_fault(struct reading *reading, const struct setting *setting, const char *code,
			   const char *format, ...) PRINTF_LIKE(4, 5);
/** True when the node has this kind; adds A0303 otherwise. */
bool reading_is_kind(struct reading *reading, const struct setting *setting, enum node_kind kind);

/** Read a mapping by its table into setting->object. Keys whose value is null count as absent. */
enum rc read_table(struct reading *reading, const struct setting *setting, const struct project_table *table) MUST_CHECK;
/** Read a list of mappings, each by @p table. @param ret_items array of @p table's structs; arena */
enum rc read_tables(struct reading *reading, const struct setting *setting, const struct project_table *table,
		    void **ret_items, size_t *ret_count) MUST_CHECK;

/** The text of a string that the row's check accepts, or NULL after a fault. */
const char *read_checked_text(struct reading *reading, const struct setting *setting);

/* Readers for the rows. */
enum rc read_text(struct reading *reading, const struct setting *setting) MUST_CHECK;
enum rc read_texts(struct reading *reading, const struct setting *setting) MUST_CHECK;
enum rc read_integer(struct reading *reading, const struct setting *setting) MUST_CHECK;
enum rc read_duration(struct reading *reading, const struct setting *setting) MUST_CHECK;
/** One of @p words; its index is written to *ret_index, which stays as it is after a fault. */
enum rc read_word(struct reading *reading, const struct setting *setting, const char *const *words, size_t count,
		  size_t *ret_index) MUST_CHECK;
/** Where the row's value is in the object. */
void *setting_target(const struct setting *setting);

/* Checks of texts. */
bool check_project_name(const char *text);
bool check_account_name(const char *text);
bool check_label(const char *text);
bool check_gateway_key(const char *text);
bool check_gateway_glob(const char *text);
bool check_gateway_from(const char *text);
bool check_env_name(const char *text);
bool check_controller_name(const char *text);
bool check_url(const char *text);
bool check_hostname(const char *text);
bool check_address_glob(const char *text);
bool check_field_name(const char *text);
bool check_state(const char *text);

/** spec.accounts: its own table and what must hold between accounts. */
enum rc read_accounts(struct reading *reading, const struct setting *setting) MUST_CHECK;
/** spec.gateways: globs, and Gateways of other projects. */
enum rc read_gateways(struct reading *reading, const struct setting *setting) MUST_CHECK;
/** spec.ignore. */
enum rc read_ignores(struct reading *reading, const struct setting *setting) MUST_CHECK;

#endif
