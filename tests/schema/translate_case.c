/* Case files of translation. */
#include "tests/schema/translate_case.h"

#include <string.h>

#include "base/str.h"

/** The next line of @p text, without its newline; NULL at the end. */
static const char *next_line(struct arena *arena, const char **text)
{
	size_t size = strcspn(*text, "\n");
	char *line = **text ? arena_memdup(arena, *text, size) : NULL;

	*text += size + ((*text)[size] == '\n');
	return line;
}

static const char **section_of(struct case_file *file, const char *line)
{
	struct translate_case *last = file->count ? &file->cases[file->count - 1] : NULL;

	if (str_eq(line, "@COMMON"))
		return &file->common;
	if (!last)
		return NULL;
	if (str_eq(line, "@PROJECT"))
		return &last->project;
	if (str_eq(line, "@INPUT"))
		return &last->input;
	if (str_eq(line, "@RECORDED"))
		return &last->recorded;
	if (str_eq(line, "@REQUESTS"))
		return &last->requests;
	return str_eq(line, "@EXPECT") ? &last->expected : NULL;
}

static size_t count_cases(const char *text)
{
	size_t count = 0;

	for (; (text = strstr(text, "=== ")); text++)
		count++;
	return count;
}

static enum rc append(struct arena *arena, const char **section, const char *line)
{
	char *joined = arena_printf(arena, "%s%s\n", *section, line);

	*section = joined;
	return joined ? RC_OK : RC_NOMEM;
}

enum rc case_file_parse(struct arena *arena, const char *text, struct case_file *ret_file)
{
	struct case_file file = {.common = ""};
	const char **section = NULL, *line;

	file.cases = arena_array(arena, count_cases(text), sizeof(*file.cases));
	while (file.cases && (line = next_line(arena, &text))) {
		if (str_has_prefix(line, "=== ")) {
			file.cases[file.count++] = (struct translate_case){line + 4, "", "", "", "", ""};
			section = NULL;
		} else if (*line == '@') {
			section = section_of(&file, line);
			if (!section)
				return RC_INVALID;
		} else if (section && append(arena, section, line)) {
			return RC_NOMEM;
		}
	}
	*ret_file = file;
	return file.cases ? RC_OK : RC_NOMEM;
}

static void write_section(struct strbuf *out, const char *name, const char *text)
{
	if (*text)
		strbuf_addf(out, "%s\n%s", name, text);
}

void case_file_write(const struct case_file *file, const char *const *expected, struct strbuf *out)
{
	write_section(out, "@COMMON", file->common);
	for (size_t i = 0; i < file->count; i++) {
		const struct translate_case *c = &file->cases[i];

		strbuf_addf(out, "=== %s\n", c->title);
		write_section(out, "@PROJECT", c->project);
		write_section(out, "@INPUT", c->input);
		write_section(out, "@RECORDED", c->recorded);
		write_section(out, "@REQUESTS", c->requests);
		write_section(out, "@EXPECT", expected[i]);
	}
}

/** "a b c" as a list; arena. */
static const char **words(struct arena *arena, const char *text, size_t *ret_count)
{
	const char **list = arena_array(arena, strlen(text), sizeof(*list));
	size_t count = 0;

	while (list && *text) {
		size_t size = strcspn(text, " ");

		list[count++] = arena_memdup(arena, text, size);
		text += size + (text[size] == ' ');
	}
	*ret_count = count;
	return list;
}

static const char *const default_controllers[] = {"adit.cnap.tech/controller"};

static enum rc add_account(struct arena *arena, struct project *project, const char *value)
{
	struct account account = {.name = "main"};
	struct account *accounts = arena_array(arena, project->account_count + 1, sizeof(*accounts));
	size_t count;
	const char **list = words(arena, value, &count);

	if (!accounts || !list || !count)
		return RC_NOMEM;
	if (project->account_count)
		memcpy(accounts, project->accounts, project->account_count * sizeof(*accounts));
	account.name = list[0];
	account.gateway_classes = list + 1;
	account.gateway_class_count = count - 1;
	accounts[project->account_count++] = account;
	project->accounts = accounts;
	return RC_OK;
}

static enum rc set_key(struct arena *arena, struct project *project, const char *key, const char *value)
{
	if (str_eq(key, "account"))
		return add_account(arena, project, value);
	if (str_eq(key, "gateways"))
		project->gateways = words(arena, value, &project->gateway_count);
	else if (str_eq(key, "controllers"))
		project->controller_names = words(arena, value, &project->controller_name_count);
	else if (str_eq(key, "default"))
		project->default_gateway = value;
	else if (str_eq(key, "name"))
		project->tunnel_name = value;
	else if (str_eq(key, "attach"))
		project->attach = ATTACH_LENIENT;
	else if (str_eq(key, "services"))
		project->services = SERVICES_REQUIRE;
	else
		return RC_INVALID;
	return RC_OK;
}

enum rc case_project(struct arena *arena, const char *lines, struct project *ret_project)
{
	struct project project = {.name = "shop", .folder = ".", .tunnel_name = "{project}.{namespace}.{gateway}"};
	const char *line;

	project.controller_names = (const char **)(uintptr_t)default_controllers;
	project.controller_name_count = 1;
	while ((line = next_line(arena, &lines))) {
		size_t size = strcspn(line, " ");
		const char *key = arena_memdup(arena, line, size);
		enum rc rc = key ? set_key(arena, &project, key, line + size + (line[size] == ' ')) : RC_NOMEM;

		if (rc)
			return rc;
	}
	if (!project.account_count && add_account(arena, &project, "main cloudflare"))
		return RC_NOMEM;
	*ret_project = project;
	return RC_OK;
}

enum rc case_recorded(struct arena *arena, const char *lines, struct map *ret_map)
{
	const char *line;

	map_init(ret_map, arena);
	while ((line = next_line(arena, &lines))) {
		char *equals = strstr(line, " = ");
		const char *address = equals ? arena_memdup(arena, line, (size_t)(equals - line)) : NULL;
		enum rc rc = address ? map_put(ret_map, address, equals + 3, NULL) : RC_INVALID;

		if (rc)
			return rc;
	}
	return RC_OK;
}

enum rc requests_write(struct arena *arena, const struct desired *desired, const char *lines, struct strbuf *out)
{
	const char *line;

	while (desired && (line = next_line(arena, &lines))) {
		size_t count, index = 0;
		const char **request = words(arena, line, &count);

		if (!request || count != 3)
			return RC_INVALID;
		for (size_t i = 0; i < desired->tunnel_count; i++) {
			const struct desired_tunnel *tunnel = &desired->tunnels[i];
			enum rc rc;

			if (!str_eq(tunnel->tunnel->address, request[0]))
				continue;
			rc = translate_match(tunnel->rules, tunnel->rule_count, request[1], request[2], &index);
			if (rc)
				return rc;
			strbuf_addf(out, "request %s%s => %s\n", request[1], request[2],
				    tunnel->rules[index]->u.rule.service);
		}
	}
	return RC_OK;
}
