/* What kubectl refuses, adit refuses: for each pattern, enum, bound and CEL rule at least one value that is taken and one
 * that is not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "tests/base/unit.h"
#include "tests/schema/decode_forms.h"
#include "tests/schema/decoding.h"

/* A fragment, and the code and a part of the message when it is refused. */
struct rule_case {
	const char *form, *fragment, *code, *message;
};

static const struct rule_case route_cases[] = {
	{ ROUTE, "hostnames: [app.example.com, '*.example.com', a, 1.2.3.4]", NULL, NULL },
	{ ROUTE, "hostnames: [App.example.com]", "A0137", "is not a hostname" },
	{ ROUTE, "hostnames: ['*']", "A0137", "is not a hostname" },
	{ ROUTE, "hostnames: ['a.*.com']", "A0137", "is not a hostname" },
	{ ROUTE, "hostnames: ['']", "A0140", "must not be empty" },
	{ ROUTE, "hostnames: [" R64("a.b.") "a]", "A0140", "257 characters long; at most 253" },
	{ ROUTE, "hostnames: [1]", "A0135", "must be a string" },
	{ ROUTE, "hostnames: [" R16("a,") "]", NULL, NULL },
	{ ROUTE, "hostnames: [" R16("a,") "a]", "A0141", "17 items; at most 16" },
	{ ROUTE, "hostnames: a", "A0135", "must be a list" },
	{ ROUTE, "hostname: [a]", "A0134", "unknown field \"hostname\"" },
	{ ROUTE, "hostnames: null, rules: null, parentRefs: null", NULL, NULL },
	{ ROUTE, "useDefaultGateways: All", NULL, NULL },
	{ ROUTE, "useDefaultGateways: None", NULL, NULL },
	{ ROUTE, "useDefaultGateways: all", "A0138", "\"all\" is not one of All, None" },
	/* parentRefs */
	{ ROUTE, "parentRefs: [{name: g, namespace: ns, group: a.b, kind: K, sectionName: s.t, port: 65535}]", NULL, NULL },
	{ ROUTE, "parentRefs: [{namespace: ns}]", "A0136", "\"name\" is missing" },
	{ ROUTE, "parentRefs: [{name: g, namespace: a.b}]", "A0137", "is not the name of a namespace" },
	{ ROUTE, "parentRefs: [{name: g, group: a/b}]", "A0137", "is not an API group" },
	{ ROUTE, "parentRefs: [{name: g, kind: 4x}]", "A0137", "is not a kind" },
	{ ROUTE, "parentRefs: [{name: g, sectionName: A}]", "A0137", "is not a section name" },
	{ ROUTE, "parentRefs: [{name: g, port: 0}]", "A0139", "0 is not between 1 and 65535" },
	{ ROUTE, "parentRefs: [{name: g, port: '80'}]", "A0135", "must be a whole number, not a string" },
	{ ROUTE, "parentRefs: [{name: g, port: 80.0}]", NULL, NULL },
	{ ROUTE, "parentRefs: [{name: g, port: 80.5}]", "A0135", "must be a whole number" },
	{ ROUTE, "parentRefs: [{name: g, sectionName: a}, {name: g, sectionName: b}]", NULL, NULL },
	{ ROUTE, "parentRefs: [{name: g, port: 80}, {name: g, port: 443}]", NULL, NULL },
	{ ROUTE, "parentRefs: [{name: g}, {name: g, namespace: ns}]", NULL, NULL },
	{ ROUTE, "parentRefs: [{name: g}, {name: g, kind: Service, group: ''}]", NULL, NULL },
	{ ROUTE, "parentRefs: [{name: g}, {name: g, sectionName: a}]", "A0143", "must be specified when parentRefs" },
	{ ROUTE, "parentRefs: [{name: g, port: 1}, {name: g}]", "A0143", "must be specified when parentRefs" },
	{ ROUTE, "parentRefs: [{name: g}, {name: g}]", "A0143", "must be unique when parentRefs" },
	{ ROUTE, "parentRefs: [{name: g}, {name: g, kind: Gateway}]", "A0143", "must be unique when parentRefs" },
	{ ROUTE, "parentRefs: [" R16("{name: g},") R16("{name: g},") "{name: g}]", "A0141", "33 items; at most 32" },
	/* rules */
	{ ROUTE, "rules: []", "A0141", "at least 1 item" },
	{ RULES, R16("{},"), NULL, NULL },
	{ RULES, R16("{},") "{}", "A0141", "17 items; at most 16" },
	{ RULES, "{name: a}, {name: b}, {}, {}", NULL, NULL },
	{ RULES, "{name: a}, {name: b}, {name: a}", "A0142", "[0] and [2] have the same name: \"a\"" },
	{ RULES, "{name: a_b}", "A0137", "is not a section name" },
	{ RULES, "{matches: [" R64("{},") "]}, {matches: [" R64("{},") "]}", NULL, NULL },
	{ RULES, "{matches: [" R64("{},") "{}]}", "A0141", "65 items; at most 64" },
	{ RULES, "{matches: [" R64("{},") "]}, {matches: [" R64("{},") "]}, {}", "A0143", "must be less than 128" },
	{ RULES, "[]", "A0135", "must be a mapping, not a list" },
	{ RULE, "matches: []", NULL, NULL },
	/* matches */
	{ MATCH, "method: GET", NULL, NULL },
	{ MATCH, "method: get", "A0138", "\"get\" is not one of GET, HEAD" },
	{ MATCH, "headers: [{name: X-A, value: b}, {name: x-a, value: b, type: RegularExpression}]", NULL, NULL },
	{ MATCH, "headers: [{name: a, value: b}, {name: a, value: c}]", "A0142", "have the same name: \"a\"" },
	{ MATCH, "headers: [{name: 'a b', value: b}]", "A0137", "is not the name of a header" },
	{ MATCH, "headers: [{name: a}]", "A0136", "\"value\" is missing" },
	{ MATCH, "headers: [{name: a, value: ''}]", "A0140", "must not be empty" },
	{ MATCH, "headers: [{name: a, value: 1}]", "A0135", "must be a string" },
	{ MATCH, "headers: [{name: a, value: true}]", "A0135", "must be a string" },
	{ MATCH, "headers: [{name: a, value: 'b  c'}]", "A0137", "is not the value of a header" },
	{ MATCH, "headers: [{name: a, value: b, type: Prefix}]", "A0138", "\"Prefix\" is not one of Exact, RegularExpression" },
	{ MATCH, "queryParams: [{name: a, value: 'b  c'}]", NULL, NULL },
	{ MATCH, "queryParams: [{name: a, value: b}, {name: a, value: b}]", "A0142", "have the same name" },
	{ MATCH, "queryParams: [{name: 'a=', value: b}]", "A0137", "is not the name of a query parameter" },
	{ MATCH, "queryParams: [{name: a, value: 12}]", "A0135", "must be a string" },
	{ MATCH, "queryParams: [{name: a, value: " R256("abcd") "}]", NULL, NULL },
	{ MATCH, "queryParams: [{name: a, value: " R256("abcd") "e}]", "A0140", "1025 characters long; at most 1024" },
	{ MATCH, "query: []", "A0134", "unknown field \"query\"" },
	/* paths */
	{ PATH, "", NULL, NULL },
	{ PATH, "type: Exact, value: '/a%20b/-._~!$&''()*+,;=:@'", NULL, NULL },
	{ PATH, "type: RegularExpression, value: 'a(b|c)//'", NULL, NULL },
	{ PATH, "type: Regex", "A0138", "is not one of Exact, PathPrefix, RegularExpression" },
	{ PATH, "value: a", "A0143", "must be an absolute path and start with '/'" },
	{ PATH, "value: ''", "A0143", "must be an absolute path and start with '/'" },
	{ PATH, "value: /a//b", "A0143", "must not contain '//'" },
	{ PATH, "value: /a/./b", "A0143", "must not contain '/./'" },
	{ PATH, "value: /a/../b", "A0143", "must not contain '/../'" },
	{ PATH, "value: /a%2fb", "A0143", "must not contain '%2f'" },
	{ PATH, "value: /a%2Fb", "A0143", "must not contain '%2F'" },
	{ PATH, "value: '/a#b'", "A0143", "must not contain '#'" },
	{ PATH, "value: /a/..", "A0143", "must not end with '/..'" },
	{ PATH, "value: /a/.", "A0143", "must not end with '/.'" },
	{ PATH, "value: '/a b'", "A0143", "must only contain valid characters" },
	{ PATH, "value: '/a%2'", "A0143", "must only contain valid characters" },
	{ PATH, "value: /" R256("abc/") "a", "A0140", "at most 1024 are allowed" },
	{ PATH, "value: 1", "A0135", "must be a string" },
	/* backends */
	{ BACKEND, "name: a, port: 80, weight: 1000000, namespace: b", NULL, NULL },
	{ BACKEND, "name: a, group: g.h, kind: K", NULL, NULL },
	{ BACKEND, "name: a", "A0143", "Must have port for Service reference" },
	{ BACKEND, "name: a, group: '', kind: Service", "A0143", "Must have port for Service reference" },
	{ BACKEND, "name: a, port: 65536", "A0139", "65536 is not between 1 and 65535" },
	{ BACKEND, "name: a, port: 80, weight: -1", "A0139", "-1 is not between 0 and 1000000" },
	{ BACKEND, "name: a, port: 80, weight: 1000001", "A0139", "is not between 0 and 1000000" },
	{ BACKEND, "name: '', port: 80", "A0140", "must not be empty" },
	{ BACKEND, "name: a, port: 80, filters: [{type: Nope}]", "A0138", "is not one of" },
	{ RULE, "backendRefs: [" R16("{name: a, port: 1},") "{name: a, port: 1}]", "A0141", "17 items; at most 16" },
	/* timeouts, retry, session persistence */
	{ RULE, "timeouts: {request: 10s, backendRequest: 9999ms}", NULL, NULL },
	{ RULE, "timeouts: {request: 0s, backendRequest: 1h}", NULL, NULL },
	{ RULE, "timeouts: {request: 1s, backendRequest: 1001ms}", "A0143", "cannot be longer than request timeout" },
	{ RULE, "timeouts: {request: 10}", "A0135", "must be a string" },
	{ RULE, "timeouts: {request: 1.5s}", "A0137", "is not a duration" },
	{ RULE, "timeouts: {request: 100000s}", "A0137", "is not a duration" },
	{ RULE, "timeouts: {request: 1h1m1s1ms}", NULL, NULL },
	{ RULE, "timeouts: {request: 1h1m1s1ms1ms}", "A0137", "is not a duration" },
	{ RULE, "retry: {codes: [400, 599], attempts: 3, backoff: 1s}", NULL, NULL },
	{ RULE, "retry: {codes: [399]}", "A0139", "399 is not between 400 and 599" },
	{ RULE, "retry: {codes: [600]}", "A0139", "600 is not between 400 and 599" },
	{ RULE, "retry: {codes: [500, 500]}", "A0142", "have the same value: \"500\"" },
	{ RULE, "sessionPersistence: {sessionName: a, absoluteTimeout: 1h, cookieConfig: {lifetimeType: Permanent}}", NULL, NULL },
	{ RULE, "sessionPersistence: {cookieConfig: {lifetimeType: Session}}", NULL, NULL },
	{ RULE, "sessionPersistence: {cookieConfig: {lifetimeType: Permanent}}", "A0143", "AbsoluteTimeout must be specified" },
	{ RULE, "sessionPersistence: {type: Query}", "A0138", "is not one of Cookie, Header" },
	{ RULE, "sessionPersistence: {sessionName: " R64("ab") "c}", "A0140", "at most 128" },
};

static const struct rule_case filter_cases[] = {
	/* the union */
	{ FILTERS, "{type: ExtensionRef, extensionRef: {group: a.b, kind: K, name: ns}}", NULL, NULL },
	{ FILTERS, "{}", "A0136", "\"type\" is missing" },
	{ FILTERS, "{type: ExtensionRef}", "A0143", "filter.extensionRef must be specified" },
	{ FILTERS, "{type: ExtensionRef, extensionRef: {kind: K, name: ns}, cors: {}}", "A0143", "filter.cors must be nil" },
	{ FILTERS, "{type: CORS}", "A0143", "filter.cors must be specified" },
	{ FILTERS, "{type: RequestHeaderModifier}", "A0143", "filter.requestHeaderModifier must be specified" },
	{ FILTERS, "{type: CORS, cors: {}, requestHeaderModifier: {}}", "A0143", "filter.requestHeaderModifier must be nil" },
	{ FILTERS, "{type: ResponseHeaderModifier}", "A0143", "filter.responseHeaderModifier must be specified" },
	{ FILTERS, "{type: CORS, cors: {}, responseHeaderModifier: {}}", "A0143", "filter.responseHeaderModifier must be nil" },
	{ FILTERS, "{type: RequestMirror}", "A0143", "filter.requestMirror must be specified" },
	{ FILTERS, "{type: CORS, cors: {}, requestMirror: {backendRef: {name: a, port: 1}}}", "A0143",
	  "filter.requestMirror must be nil" },
	{ FILTERS, "{type: RequestRedirect}", "A0143", "filter.requestRedirect must be specified" },
	{ FILTERS, "{type: CORS, cors: {}, requestRedirect: {}}", "A0143", "filter.requestRedirect must be nil" },
	{ FILTERS, "{type: URLRewrite}", "A0143", "filter.urlRewrite must be specified" },
	{ FILTERS, "{type: CORS, cors: {}, urlRewrite: {}}", "A0143", "filter.urlRewrite must be nil" },
	{ FILTERS, "{type: ExternalAuth}", "A0143", "filter.externalAuth must be specified" },
	{ FILTERS, "{type: CORS, cors: {}, externalAuth: {protocol: HTTP, http: {}, backendRef: {name: a, port: 1}}}", "A0143",
	  "filter.externalAuth must be nil" },
	{ FILTERS, "{type: CORS, cors: {}, extensionRef: {kind: K, name: ns}}", "A0143", "filter.extensionRef must be nil" },
	{ FILTERS, "{type: Cors, cors: {}}", "A0138", "\"Cors\" is not one of" },
	/* lists of filters */
	{ FILTERS, "{type: RequestMirror, requestMirror: {backendRef: {name: a, port: 1}}}, "
		   "{type: RequestMirror, requestMirror: {backendRef: {name: b, port: 1}}}", NULL, NULL },
	{ FILTERS, "{type: CORS, cors: {}}, {type: CORS, cors: {}}", "A0143", "CORS filter cannot be repeated" },
	{ FILTERS, "{type: RequestHeaderModifier, requestHeaderModifier: {}}, "
		   "{type: RequestHeaderModifier, requestHeaderModifier: {}}", "A0143",
	  "RequestHeaderModifier filter cannot be repeated" },
	{ FILTERS, "{type: ResponseHeaderModifier, responseHeaderModifier: {}}, "
		   "{type: ResponseHeaderModifier, responseHeaderModifier: {}}", "A0143",
	  "ResponseHeaderModifier filter cannot be repeated" },
	{ FILTERS, "{type: RequestRedirect, requestRedirect: {}}, {type: RequestRedirect, requestRedirect: {}}", "A0143",
	  "RequestRedirect filter cannot be repeated" },
	{ FILTERS, "{type: URLRewrite, urlRewrite: {}}, {type: URLRewrite, urlRewrite: {}}", "A0143",
	  "URLRewrite filter cannot be repeated" },
	{ FILTERS, "{type: URLRewrite, urlRewrite: {}}, {type: RequestRedirect, requestRedirect: {}}", "A0143",
	  "but not both" },
	{ FILTERS, R16("{type: RequestMirror, requestMirror: {backendRef: {name: a, port: 1}}},")
		   "{type: RequestMirror, requestMirror: {backendRef: {name: a, port: 1}}}", "A0141", "17 items; at most 16" },
	/* redirects with backends, prefixes */
	{ RULE, "filters: [{type: RequestRedirect, requestRedirect: {}}], backendRefs: []", NULL, NULL },
	{ RULE, "filters: [{type: RequestRedirect, requestRedirect: {}}], backendRefs: [{name: a, port: 1}]", "A0143",
	  "must not be used together with backendRefs" },
	{ RULE, "filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}]", NULL, NULL },
	{ RULE, "matches: [{method: GET}], filters: [{type: URLRewrite, "
		"urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}]", NULL, NULL },
	{ RULE, "matches: [{path: {type: Exact, value: /a}}], filters: [{type: URLRewrite, "
		"urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}]", "A0143", "When using URLRewrite" },
	{ RULE, "matches: [{}, {}], filters: [{type: RequestRedirect, "
		"requestRedirect: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}]", "A0143",
	  "When using RequestRedirect" },
	{ RULE, "matches: [{}, {}], filters: [{type: RequestRedirect, "
		"requestRedirect: {path: {type: ReplaceFullPath, replaceFullPath: /}}}]", NULL, NULL },
	{ RULE, "matches: [{}, {}], backendRefs: [{name: a, port: 1, filters: [{type: RequestRedirect, "
		"requestRedirect: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}]}]", "A0143",
	  "Within backendRefs, when using RequestRedirect" },
	{ RULE, "matches: [{}, {}], backendRefs: [{name: a, port: 1, filters: [{type: URLRewrite, "
		"urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}]}]", "A0143",
	  "Within backendRefs, When using URLRewrite" },
	/* path modifiers */
	{ REDIRECT, "path: {type: ReplaceFullPath}", "A0143", "replaceFullPath must be specified" },
	{ REDIRECT, "path: {type: ReplacePrefixMatch, replacePrefixMatch: /, replaceFullPath: /}", "A0143",
	  "type must be 'ReplaceFullPath'" },
	{ REDIRECT, "path: {type: ReplacePrefixMatch}", "A0143", "replacePrefixMatch must be specified" },
	{ REDIRECT, "path: {type: ReplaceFullPath, replacePrefixMatch: /, replaceFullPath: /}", "A0143",
	  "type must be 'ReplacePrefixMatch'" },
	{ REDIRECT, "path: {type: Replace}", "A0138", "is not one of ReplaceFullPath, ReplacePrefixMatch" },
	{ REDIRECT, "path: {}", "A0136", "\"type\" is missing" },
	/* redirects */
	{ REDIRECT, "scheme: https, hostname: a.b, port: 443, statusCode: 308", NULL, NULL },
	{ REDIRECT, "scheme: ftp", "A0138", "is not one of http, https" },
	{ REDIRECT, "hostname: '*.a'", "A0137", "is not a hostname without wildcard" },
	{ REDIRECT, "port: 0", "A0139", "is not between 1 and 65535" },
	{ REDIRECT, "statusCode: 300", "A0138", "300 is not one of the values" },
	{ REDIRECT, "statusCode: '301'", "A0135", "must be a whole number" },
	/* mirrors */
	{ MIRROR, "percent: 100", NULL, NULL },
	{ MIRROR, "percent: 101", "A0139", "101 is not between 0 and 100" },
	{ MIRROR, "fraction: {numerator: 100}", NULL, NULL },
	{ MIRROR, "fraction: {numerator: 101}", "A0143", "numerator must be less than or equal to denominator" },
	{ MIRROR, "fraction: {numerator: 2, denominator: 1}", "A0143", "numerator must be less than or equal" },
	{ MIRROR, "fraction: {numerator: 0, denominator: 0}", "A0139", "0 is not between 1" },
	{ MIRROR, "percent: 1, fraction: {numerator: 1}", "A0143", "Only one of percent or fraction" },
	{ FILTERS, "{type: RequestMirror, requestMirror: {backendRef: {name: a}}}", "A0143", "Must have port" },
	{ FILTERS, "{type: RequestMirror, requestMirror: {}}", "A0136", "\"backendRef\" is missing" },
	/* headers */
	{ HEADERS, "set: [{name: a, value: b}], add: [{name: a, value: 'b\tc d'}], remove: [x, X]", NULL, NULL },
	{ HEADERS, "set: [{name: a, value: b}, {name: a, value: c}]", "A0142", "have the same name" },
	{ HEADERS, "add: [{name: a, value: b}, {name: a, value: c}]", "A0142", "have the same name" },
	{ HEADERS, "remove: [x, x]", "A0142", "have the same value: \"x\"" },
	{ HEADERS, "remove: [" R16("x,") "z]", "A0141", "17 items; at most 16" },
	{ HEADERS, "set: [{name: ':a', value: b}]", "A0137", "is not the name of a header" },
	{ HEADERS, "set: [{name: a, value: \"b\\nc\"}]", "A0137", "is not the value of a header" },
	{ HEADERS, "set: [{name: a, value: ' b'}]", "A0137", "is not the value of a header" },
	/* CORS */
	{ CORS, "allowOrigins: ['https://*.a.com:8443', 'http://b', 'https://*']", NULL, NULL },
	{ CORS, "allowOrigins: ['*']", NULL, NULL },
	{ CORS, "allowOrigins: ['*', 'http://b']", "A0143", "AllowOrigins cannot contain '*'" },
	{ CORS, "allowOrigins: ['ftp://b']", "A0137", "is not an origin" },
	{ CORS, "allowOrigins: ['http://b/']", "A0137", "is not an origin" },
	{ CORS, "allowOrigins: ['http://b', 'http://b']", "A0142", "have the same value" },
	{ CORS, "allowMethods: [GET, POST]", NULL, NULL },
	{ CORS, "allowMethods: ['*', GET]", "A0143", "AllowMethods cannot contain '*'" },
	{ CORS, "allowMethods: [FETCH]", "A0138", "is not one of GET" },
	{ CORS, "allowHeaders: ['*']", NULL, NULL },
	{ CORS, "allowHeaders: ['*', a]", "A0143", "AllowHeaders cannot contain '*'" },
	{ CORS, "exposeHeaders: ['*', a]", NULL, NULL },
	{ CORS, "exposeHeaders: ['a/']", "A0137", "is not the name of a header" },
	{ CORS, "allowCredentials: true, maxAge: 1", NULL, NULL },
	{ CORS, "allowCredentials: 'true'", "A0135", "must be true or false, not a string" },
	{ CORS, "maxAge: 0", "A0139", "0 is not between 1" },
	/* external auth */
	{ AUTH, "protocol: GRPC, grpc: {allowedHeaders: [a]}, forwardBody: {maxSize: 0}", NULL, NULL },
	{ AUTH, "protocol: HTTP, http: {path: /a, allowedResponseHeaders: [b]}", NULL, NULL },
	{ AUTH, "protocol: GRPC", "A0143", "grpc must be specified" },
	{ AUTH, "protocol: HTTP", "A0143", "http must be specified" },
	{ AUTH, "protocol: HTTP, http: {}, grpc: {}", "A0143", "protocol must be 'GRPC' when grpc is set" },
	{ AUTH, "protocol: GRPC, http: {}, grpc: {}", "A0143", "protocol must be 'HTTP' when http is set" },
	{ AUTH, "protocol: TCP", "A0138", "is not one of HTTP, GRPC" },
	{ AUTH, "http: {}", "A0136", "\"protocol\" is missing" },
	{ AUTH, "protocol: HTTP, http: {path: '/[]'}", "A0137", "is not a path" },
	{ AUTH, "protocol: HTTP, http: {}, forwardBody: {maxSize: -1}", "A0139", "-1 is not between 0" },
};

static const struct rule_case gateway_cases[] = {
	{ GATEWAY, "defaultScope: All", NULL, NULL },
	{ GATEWAY, "defaultScope: Some", "A0138", "is not one of All, None" },
	{ GATEWAY, "allowedListeners: {namespaces: {from: None}}", NULL, NULL },
	{ GATEWAY, "allowedListeners: {namespaces: {from: Any}}", "A0138", "is not one of All, Selector, Same, None" },
	{ LISTENERS, "", "A0141", "at least 1 item" },
	{ LISTENERS, "{name: a, port: 80, protocol: HTTP}, {name: b, port: 80, protocol: HTTP, hostname: x}", NULL, NULL },
	{ LISTENERS, "{name: a, port: 80, protocol: HTTP}, {name: b, port: 80, protocol: HTTP}", "A0143",
	  "Combination of port, protocol and hostname must be unique" },
	{ LISTENERS, "{name: a, port: 80, protocol: HTTP}, {name: a, port: 81, protocol: HTTP}", "A0142",
	  "have the same name: \"a\"" },
	{ LISTENERS, "{name: A, port: 80, protocol: HTTP}", "A0137", "is not a section name" },
	{ LISTENERS, "{port: 80, protocol: HTTP}", "A0136", "\"name\" is missing" },
	{ LISTENERS, "{name: a, protocol: HTTP}", "A0136", "\"port\" is missing" },
	{ LISTENERS, "{name: a, port: 80}", "A0136", "\"protocol\" is missing" },
	{ LISTENER, "protocol: http", NULL, NULL },
	{ LISTENER, "protocol: example.com/bar", NULL, NULL },
	{ LISTENER, "protocol: HTTP_2", "A0137", "is not a protocol" },
	{ LISTENER, "protocol: TCP, hostname: a", "A0143", "hostname must not be specified for protocols" },
	{ LISTENER, "protocol: udp, hostname: a", "A0143", "hostname must not be specified for protocols" },
	{ LISTENER, "protocol: HTTP, tls: {certificateRefs: [{name: c}]}", "A0143", "tls must not be specified" },
	{ LISTENER, "protocol: HTTPS, tls: {certificateRefs: [{name: c}]}", NULL, NULL },
	{ LISTENER, "protocol: HTTPS", NULL, NULL },
	{ LISTENER, "protocol: HTTPS, tls: {mode: Passthrough}", "A0143", "tls mode must be Terminate for protocol HTTPS" },
	{ LISTENER, "protocol: HTTPS, tls: {options: {a.b/c: d}}", NULL, NULL },
	{ LISTENER, "protocol: HTTPS, tls: {options: {'a b': d}}", "A0137", "is not an option's key" },
	{ LISTENER, "protocol: HTTPS, tls: {}", "A0143", "certificateRefs or options must be specified" },
	{ LISTENER, "protocol: HTTPS, tls: {mode: Open}", "A0138", "is not one of Terminate, Passthrough" },
	{ LISTENER, "protocol: TLS, tls: {mode: Passthrough}", NULL, NULL },
	{ LISTENER, "protocol: TLS", "A0143", "tls mode must be set for protocol TLS" },
	{ LISTENER, "protocol: HTTP, hostname: a_b", "A0137", "is not a hostname" },
	{ LISTENER, "protocol: HTTP, allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {a b: c}}}}", "A0137",
	  "is not a label's key" },
	{ LISTENER, "protocol: HTTP, allowedRoutes: {namespaces: {from: None}}", "A0138", "is not one of All, Selector, Same" },
	{ LISTENER, "protocol: HTTP, allowedRoutes: {kinds: [{kind: HTTPRoute}]}", NULL, NULL },
	{ LISTENER, "protocol: HTTP, allowedRoutes: {kinds: [{group: a.b}]}", "A0136", "\"kind\" is missing" },
	{ LISTENER, "protocol: HTTP, allowedRoutes: {kinds: [" R4("{kind: A},") R4("{kind: A},") "{kind: A}]}", "A0141",
	  "9 items; at most 8" },
	{ LISTENER, "protocol: HTTP, allowedRoutes: {namespaces: {selector: {matchExpressions: "
		    "[{key: a, operator: In, values: [b]}, {key: c, operator: Exists}]}}}", NULL, NULL },
	{ LISTENER, "protocol: HTTP, allowedRoutes: {namespaces: {selector: {matchExpressions: [{key: a, operator: In}]}}}",
	  "A0143", "values must not be empty" },
	{ LISTENER, "protocol: HTTP, allowedRoutes: {namespaces: {selector: {matchExpressions: "
		    "[{key: a, operator: Exists, values: [b]}]}}}", "A0143", "values must be empty" },
	{ LISTENER, "protocol: HTTP, allowedRoutes: {namespaces: {selector: {matchExpressions: [{key: a, operator: in}]}}}",
	  "A0138", "is not one of In, NotIn" },
	{ LISTENER, "protocol: HTTP, allowedRoutes: {namespaces: {selector: {matchLabels: {a: true}}}}", "A0135",
	  "must be a string" },
	/* addresses */
	{ GATEWAY, "addresses: [{value: 1.2.3.4}, {value: '1::'}, {type: Hostname, value: '*.a.b'}, {type: a.b/c, value: '?'}, {}]",
	  NULL, NULL },
	{ GATEWAY, "addresses: [{value: 1.2.3}]", "A0137", "is not an IPv4 or IPv6 address" },
	{ GATEWAY, "addresses: [{value: '1:::'}]", "A0137", "is not an IPv4 or IPv6 address" },
	{ GATEWAY, "addresses: [{type: Hostname, value: 'a:80'}]", "A0143", "Hostname value must be empty or contain" },
	{ GATEWAY, "addresses: [{type: Nothing, value: a}]", "A0137", "is not the type of an address" },
	{ GATEWAY, "addresses: [{value: 1.2.3.4}, {type: IPAddress, value: 1.2.3.4}]", "A0143", "IPAddress values must be unique" },
	{ GATEWAY, "addresses: [{type: Hostname, value: a}, {type: Hostname, value: a}]", "A0143",
	  "Hostname values must be unique" },
	{ GATEWAY, "addresses: [{type: a.b/c, value: a}, {type: a.b/c, value: a}]", NULL, NULL },
	/* infrastructure */
	{ GATEWAY, "infrastructure: {labels: {a.b/c: d}, annotations: {e: 'f g'}, parametersRef: {group: g, kind: K, name: ns}}",
	  NULL, NULL },
	{ GATEWAY, "infrastructure: {labels: {'a b': d}}", "A0137", "is not a key" },
	{ GATEWAY, "infrastructure: {labels: {a: 'd e'}}", "A0137", "is not a label's value" },
	{ GATEWAY, "infrastructure: {labels: {a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1, h: 1, i: 1}}", "A0141",
	  "9 members; at most 8" },
	{ GATEWAY, "infrastructure: {parametersRef: {kind: K, name: ns}}", "A0136", "\"group\" is missing" },
	/* tls of the Gateway */
	{ GATEWAY, "tls: {frontend: {default: {validation: {caCertificateRefs: [{group: '', kind: ConfigMap, name: a}]}}}}", NULL,
	  NULL },
	{ GATEWAY, "tls: {frontend: {default: {validation: {caCertificateRefs: []}}}}", "A0141", "at least 1 item" },
	{ GATEWAY, "tls: {frontend: {}}", "A0136", "\"default\" is missing" },
	{ GATEWAY, "tls: {frontend: {default: {}, perPort: [{port: 1, tls: {}}, {port: 1, tls: {}}]}}", "A0142",
	  "have the same port: \"1\"" },
	{ GATEWAY, "tls: {frontend: {default: {validation: {mode: Any, caCertificateRefs: [{group: '', kind: C, name: a}]}}}}",
	  "A0138", "is not one of AllowValidOnly" },
	{ GATEWAY, "tls: {backend: {clientCertificateRef: {name: a}}}", NULL, NULL },
	{ GATEWAY, "tls: {backend: {clientCertificateRef: {}}}", "A0136", "\"name\" is missing" },
	/* GatewayClass */
	{ CLASS, "controllerName: a.b/c-d/E, description: x, parametersRef: {group: g, kind: K, name: ns, namespace: m}", NULL, NULL },
	{ CLASS, "controllerName: a.b", "A0137", "is not the name of a controller" },
	{ CLASS, "controllerName: a.b/", "A0137", "is not the name of a controller" },
	{ CLASS, "controllerName: A.b/c", "A0137", "is not the name of a controller" },
	{ CLASS, "description: x", "A0136", "\"controllerName\" is missing" },
	{ CLASS, "controllerName: a.b/c, description: " R64("x") "z", "A0140", "at most 64" },
};

static const struct rule_case other_cases[] = {
	{ GRANT, "from: [{group: g, kind: K, namespace: ns}], to: [{group: '', kind: Service}]", NULL, NULL },
	{ GRANT, "to: [{group: '', kind: Service}]", "A0136", "\"from\" is missing" },
	{ GRANT, "from: [{group: g, kind: K, namespace: ns}]", "A0136", "\"to\" is missing" },
	{ GRANT, "from: [], to: [{group: '', kind: Service}]", "A0141", "at least 1 item" },
	{ GRANT, "from: [{group: g, kind: K}], to: [{group: '', kind: Service}]", "A0136", "\"namespace\" is missing" },
	{ GRANT, "from: [{group: g, kind: K, namespace: ns}], to: [{kind: Service}]", "A0136", "\"group\" is missing" },
	/* BackendTLSPolicy */
	{ VALIDATION, "wellKnownCACertificates: System", NULL, NULL },
	{ VALIDATION, "caCertificateRefs: [{kind: ConfigMap, name: c}]", NULL, NULL },
	{ VALIDATION, "wellKnownCACertificates: Mozilla", "A0138", "is not one of System" },
	{ VALIDATION, "wellKnownCACertificates: System, caCertificateRefs: [{kind: ConfigMap, name: c}]", "A0143",
	  "must not contain both" },
	{ VALIDATION, "caCertificateRefs: []", "A0143", "must specify either" },
	{ VALIDATION, "wellKnownCACertificates: System, subjectAltNames: [{type: Hostname, hostname: '*.a'}, "
		      "{type: URI, uri: 'spiffe://a/b'}]", NULL, NULL },
	{ VALIDATION, "wellKnownCACertificates: System, subjectAltNames: [{type: Hostname}]", "A0143", "must contain Hostname" },
	{ VALIDATION, "wellKnownCACertificates: System, subjectAltNames: [{type: URI, uri: 'a://b', hostname: c}]", "A0143",
	  "must not contain Hostname" },
	{ VALIDATION, "wellKnownCACertificates: System, subjectAltNames: [{type: URI}]", "A0143", "must contain URI" },
	{ VALIDATION, "wellKnownCACertificates: System, subjectAltNames: [{type: Hostname, hostname: a, uri: 'a://b'}]", "A0143",
	  "must not contain URI" },
	{ VALIDATION, "wellKnownCACertificates: System, subjectAltNames: [{type: URI, uri: b}]", "A0137", "is not an absolute URI" },
	{ TLS_POLICY, "validation: {hostname: a, wellKnownCACertificates: System}", "A0136", "\"targetRefs\" is missing" },
	{ TLS_POLICY, "validation: {wellKnownCACertificates: System}, targetRefs: [{group: '', kind: S, name: s}]", "A0136",
	  "\"hostname\" is missing" },
	{ TLS_POLICY, "validation: {hostname: '*.a', wellKnownCACertificates: System}, targetRefs: [{group: '', kind: S, name: s}]",
	  "A0137", "is not a hostname without wildcard" },
	{ TLS_POLICY, "validation: {hostname: a, wellKnownCACertificates: System}, targetRefs: [{group: '', kind: S, name: s, "
		      "sectionName: a}, {group: '', kind: S, name: s, sectionName: b}]", NULL, NULL },
	{ TLS_POLICY, "validation: {hostname: a, wellKnownCACertificates: System}, targetRefs: [{group: '', kind: S, name: s}, "
		      "{group: '', kind: S, name: s, sectionName: b}]", "A0143", "sectionName must be specified" },
	{ TLS_POLICY, "validation: {hostname: a, wellKnownCACertificates: System}, targetRefs: [{group: '', kind: S, name: s}, "
		      "{group: '', kind: S, name: s}]", "A0143", "sectionName must be unique" },
	/* routes that a tunnel cannot serve */
	{ TLS_ROUTE, "hostnames: [a.b, '*.c']", NULL, NULL },
	{ TLS_ROUTE, "", "A0136", "\"hostnames\" is missing" },
	{ TLS_ROUTE, "hostnames: []", "A0141", "at least 1 item" },
	{ TLS_ROUTE, "hostnames: ['http://a<']", "A0137", "is not a hostname" },
	{ TLS_ROUTE, "hostnames: ['a.*']", "A0137", "is not a hostname" },
	{ TLS_ROUTE, "hostnames: ['1.2.3.4']", "A0143", "Hostnames cannot contain an IP" },
	{ TCP_ROUTE, "rules: [{backendRefs: [{name: a, port: 1}]}]", NULL, NULL },
	{ TCP_ROUTE, "rules: [{backendRefs: [{name: a}]}]", "A0143", "Must have port" },
	{ TCP_ROUTE, "rules: [{}]", "A0136", "\"backendRefs\" is missing" },
	{ TCP_ROUTE, "rules: [{backendRefs: [{name: a, port: 1}]}, {backendRefs: [{name: a, port: 1}]}]", "A0141",
	  "2 items; at most 1" },
	{ GRPC_ROUTE, "hostnames: [a], rules: [{matches: [{method: {service: a.b}}], backendRefs: [{name: a, port: 1}]}]", NULL, NULL },
	{ GRPC_ROUTE, "rules: [{backendRefs: [{name: a, port: 1, weight: -1}]}]", "A0139", "-1 is not between" },
	{ GRPC_ROUTE, "rules: [{match: []}]", "A0134", "unknown field \"match\"" },
	{ LISTENER_SET, "parentRef: {name: g}, listeners: [{name: a, port: 80, protocol: HTTP}]", NULL, NULL },
	{ LISTENER_SET, "listeners: [{name: a, port: 80, protocol: HTTP}]", "A0136", "\"parentRef\" is missing" },
	{ GRPC_ROUTE, "rules: [{backendRefs: [{name: a}]}]", "A0143", "Must have port" },
	{ LISTENER_SET, "parentRef: {name: g}, listeners: [{name: a, port: 80, protocol: HTTP}, {name: b, port: 80, protocol: HTTP}]",
	  "A0143", "Combination of port, protocol and hostname" },
	{ LISTENER_SET, "parentRef: {name: g}, listeners: [{name: a, protocol: TCP, hostname: b}]", "A0143",
	  "hostname must not be specified" },
	/* Service: all of core/v1, of which little is read */
	{ SERVICE, "type: LoadBalancer, clusterIP: None, ports: [{port: 80, targetPort: http, nodePort: 30080}]", NULL, NULL },
	{ SERVICE, "clusterIPs: [10.0.0.1, '::1'], externalIPs: [192.0.2.1], sessionAffinity: ClientIP, loadBalancerIP: 192.0.2.2, "
		   "sessionAffinityConfig: {clientIP: {timeoutSeconds: 10800}}, loadBalancerSourceRanges: [192.0.2.0/24], "
		   "externalName: a.example.com, externalTrafficPolicy: Local, healthCheckNodePort: 30081, selector: {app: a}", NULL, NULL },
	{ SERVICE, "publishNotReadyAddresses: true, ipFamilies: [IPv4, IPv6], ipFamilyPolicy: PreferDualStack, "
		   "allocateLoadBalancerNodePorts: false, loadBalancerClass: a.example.com/b, internalTrafficPolicy: Cluster, "
		   "trafficDistribution: PreferClose, selector: null, ports: []", NULL, NULL },
	{ SERVICE, "clusterIp: None", "A0134", "unknown field \"clusterIp\"" },
	{ SERVICE, "whatever: 1", "A0134", "unknown field \"whatever\"" },
	{ SERVICE, "ports: [{port: 80, targetport: 8080}]", "A0134", "unknown field \"targetport\"" },
	{ SERVICE, "sessionAffinityConfig: {clientIp: {}}", "A0134", "unknown field \"clientIp\"" },
	{ SERVICE_ROOT, "specs: {ports: [{port: 80}]}", "A0134", "unknown field \"specs\"" },
	{ SERVICE_ROOT, "status: {loadBalancer: {ingress: [{ip: 192.0.2.1}]}}", NULL, NULL },
	{ SERVICE, "selector: {app: 1}", "A0135", "selector[app]: must be a string" },
	{ SERVICE, "selector: [app]", "A0135", "must be a mapping" },
	{ SERVICE, "ports: [{port: 80, nodePort: x}]", "A0135", "must be a whole number" },
	{ SERVICE, "clusterIPs: None", "A0135", "must be a list" },
	{ SERVICE, "publishNotReadyAddresses: 'true'", "A0135", "must be true or false" },
	{ SERVICE, "ports: [{port: 80, targetPort: 8080, appProtocol: a/b, protocol: SCTP, name: a}]", NULL, NULL },
	{ SERVICE, "type: Balancer", "A0138", "is not one of ClusterIP" },
	{ SERVICE, "ports: [{port: '80'}]", "A0135", "must be a whole number" },
	{ SERVICE, "ports: [{}]", "A0136", "\"port\" is missing" },
	{ SERVICE, "ports: [{port: 80, targetPort: 0}]", "A0139", "0 is not between 1 and 65535" },
	{ SERVICE, "ports: [{port: 80, targetPort: true}]", "A0135", "must be a port's number or name" },
	{ SERVICE, "ports: [{port: 80, targetPort: '80 '}]", "A0137", "is not the name of a port" },
	{ SERVICE, "ports: [{port: 80, protocol: tcp}]", "A0138", "is not one of TCP, UDP, SCTP" },
};

/* True when the case came out as it says. */
static bool run_case(struct decoding *decoding, const struct rule_case *item)
{
	size_t size = strlen(item->form) + strlen(item->fragment) + 1;
	const char *hole = strstr(item->form, "%s");
	const struct diag *diag;
	char *yaml;

	decoding_restart(decoding);
	yaml = arena_alloc(decoding->run.arena, size);
	assert_non_null(yaml);
	snprintf(yaml, size, "%.*s%s%s", (int)(hole - item->form), item->form, item->fragment, hole + 2);
	decoding_add(decoding, "in.yaml", yaml, strlen(yaml), NULL);
	decoding_finish(decoding);
	diag = item->code ? decoding_diag(decoding, item->code) : NULL;
	if ((item->code == NULL) != (decoding->run.diags.error_count == 0) || (item->code && !diag) ||
	    (item->message && !strstr(diag->summary, item->message))) {
		print_error("%s\nexpected %s %s\n", item->fragment, item->code ? item->code : "no error",
			    item->message ? item->message : "");
		decoding_print(decoding);
		return false;
	}
	assert_int_equal(decoding->objects.invalid_count, item->code ? 1 : 0);
	if (item->code)
		assert_true(diag->span.line > 0 && diag->span.column > 0 && str_eq(diag->span.text->name, "in.yaml"));
	return true;
}

static void run_cases(void **state, const struct rule_case *cases, size_t count)
{
	size_t failed = 0;

	for (size_t i = 0; i < count; i++)
		failed += !run_case(*state, &cases[i]);
	assert_int_equal(failed, 0);
}

static void http_routes(void **state)
{
	run_cases(state, route_cases, COUNT(route_cases));
}

static void http_filters(void **state)
{
	run_cases(state, filter_cases, COUNT(filter_cases));
}

static void gateways(void **state)
{
	run_cases(state, gateway_cases, COUNT(gateway_cases));
}

static void other_kinds(void **state)
{
	run_cases(state, other_cases, COUNT(other_cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(http_routes, decoding_setup, decoding_teardown),
		cmocka_unit_test_setup_teardown(http_filters, decoding_setup, decoding_teardown),
		cmocka_unit_test_setup_teardown(gateways, decoding_setup, decoding_teardown),
		cmocka_unit_test_setup_teardown(other_kinds, decoding_setup, decoding_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
