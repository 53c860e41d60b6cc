/* CNAP's endpoint. */
#include "providers/cnap.h"

#include "base/str.h"

const char *cnap_expand_url(const char *url)
{
	return str_eq(url, CNAP_NAME) ? CNAP_URL : url;
}

bool cnap_is_url(const char *url)
{
	return str_eq(url, CNAP_URL);
}
