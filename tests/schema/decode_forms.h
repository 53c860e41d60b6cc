/** @file
 * Whole manifests with a hole (%s) where a test puts a fragment in YAML's flow style. */
#ifndef ADIT_TESTS_SCHEMA_DECODE_FORMS_H
#define ADIT_TESTS_SCHEMA_DECODE_FORMS_H

/* repetition */
#define R4(text) text text text text
#define R16(text) R4(R4(text))
#define R64(text) R4(R16(text))
#define R256(text) R4(R64(text))

#define META "metadata: {name: x, namespace: ns}\n"
#define GATEWAY_API "apiVersion: gateway.networking.k8s.io/v1\n"
#define ROUTE GATEWAY_API "kind: HTTPRoute\n" META "spec: {%s}\n"
#define RULES GATEWAY_API "kind: HTTPRoute\n" META "spec: {rules: [%s]}\n"
#define RULE GATEWAY_API "kind: HTTPRoute\n" META "spec: {rules: [{%s}]}\n"
#define MATCH GATEWAY_API "kind: HTTPRoute\n" META "spec: {rules: [{matches: [{%s}]}]}\n"
#define PATH GATEWAY_API "kind: HTTPRoute\n" META "spec: {rules: [{matches: [{path: {%s}}]}]}\n"
#define FILTERS GATEWAY_API "kind: HTTPRoute\n" META "spec: {rules: [{filters: [%s]}]}\n"
#define HEADERS GATEWAY_API "kind: HTTPRoute\n" META \
	"spec: {rules: [{filters: [{type: RequestHeaderModifier, requestHeaderModifier: {%s}}]}]}\n"
#define REDIRECT GATEWAY_API "kind: HTTPRoute\n" META \
	"spec: {rules: [{filters: [{type: RequestRedirect, requestRedirect: {%s}}]}]}\n"
#define MIRROR GATEWAY_API "kind: HTTPRoute\n" META \
	"spec: {rules: [{filters: [{type: RequestMirror, requestMirror: {backendRef: {name: a, port: 1}, %s}}]}]}\n"
#define CORS GATEWAY_API "kind: HTTPRoute\n" META "spec: {rules: [{filters: [{type: CORS, cors: {%s}}]}]}\n"
#define AUTH GATEWAY_API "kind: HTTPRoute\n" META \
	"spec: {rules: [{filters: [{type: ExternalAuth, externalAuth: {backendRef: {name: a, port: 1}, %s}}]}]}\n"
#define BACKEND GATEWAY_API "kind: HTTPRoute\n" META "spec: {rules: [{backendRefs: [{%s}]}]}\n"
#define GATEWAY GATEWAY_API "kind: Gateway\n" META \
	"spec: {gatewayClassName: c, listeners: [{name: l, port: 80, protocol: HTTP}], %s}\n"
#define LISTENERS GATEWAY_API "kind: Gateway\n" META "spec: {gatewayClassName: c, listeners: [%s]}\n"
#define LISTENER GATEWAY_API "kind: Gateway\n" META "spec: {gatewayClassName: c, listeners: [{name: l, port: 443, %s}]}\n"
#define CLASS GATEWAY_API "kind: GatewayClass\nmetadata: {name: x}\nspec: {%s}\n"
#define GRANT GATEWAY_API "kind: ReferenceGrant\n" META "spec: {%s}\n"
#define TLS_POLICY GATEWAY_API "kind: BackendTLSPolicy\n" META "spec: {%s}\n"
#define VALIDATION GATEWAY_API "kind: BackendTLSPolicy\n" META \
	"spec: {targetRefs: [{group: '', kind: Service, name: s}], validation: {hostname: a.b, %s}}\n"
#define TLS_ROUTE GATEWAY_API "kind: TLSRoute\n" META "spec: {rules: [{backendRefs: [{name: a, port: 1}]}], %s}\n"
#define TCP_ROUTE GATEWAY_API "kind: TCPRoute\n" META "spec: {%s}\n"
#define GRPC_ROUTE GATEWAY_API "kind: GRPCRoute\n" META "spec: {%s}\n"
#define LISTENER_SET GATEWAY_API "kind: ListenerSet\n" META "spec: {%s}\n"
#define SERVICE_ROOT "apiVersion: v1\nkind: Service\n" META "%s\n"
#define SERVICE "apiVersion: v1\nkind: Service\n" META "spec: {%s}\n"

#endif
