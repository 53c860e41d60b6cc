/* adit(1): what no table says, and the list of commands. */
#include "cli/manual.h"

#include "cli/exit_code.h"
#include "cli/option.h"

static const char head[] =
	".\\\" Made from the tables of options and commands; the target man writes it anew.\n"
	".Dd November 23, 2026\n"
	".Dt ADIT 1\n"
	".Os\n"
	".Sh NAME\n"
	".Nm adit\n"
	".Nd expose applications on Cloudflare Tunnels from Gateway API manifests\n"
	".Sh SYNOPSIS\n"
	".Nm\n"
	".Ar command\n"
	".Op Ar options\n"
	".Op Ar arguments\n"
	".Sh DESCRIPTION\n"
	".Nm\n"
	"reads the desired state from Kubernetes Gateway API manifests or native Tunnel files,\n"
	"compares it with what it recorded and with what is live in Cloudflare, shows a plan,\n"
	"applies exactly that plan through the CNAP API or Cloudflare's own,\n"
	"and reports drift afterwards.\n"
	".Pp\n"
	"What it manages: tunnels, one for each Gateway or native Tunnel;\n"
	"the rules of each tunnel, which say which hostname and path goes to which service;\n"
	"and the CNAME records that point at the tunnels.\n"
	"Every one has an address, such as\n"
	".Li tunnel/edge/public ,\n"
	".Li rule/edge/public/shop.example.com^/api(?:/|$)\n"
	"and\n"
	".Li cname/shop.example.com .\n"
	".Pp\n"
	"Everything else in the account is left as it is.\n"
	"A record or tunnel that bears neither the project's mark nor stands in its state is never changed.\n"
	".Sh COMMANDS\n"
	".Bl -tag -width Ds\n";

static const char options[] =
	".Sh OPTIONS\n"
	"Options are listed on each command's page.\n"
	"Names match exactly; there are no abbreviations.\n"
	"A value follows as the next argument or after\n"
	".Ql = .\n"
	"Options may stand before and after arguments;\n"
	".Ql --\n"
	"ends them.\n"
	"Switches take no value, but\n"
	".Ql =true\n"
	"and\n"
	".Ql =false\n"
	"are understood.\n"
	"Durations are written as in\n"
	".Ql 90s ,\n"
	".Ql 1m30s\n"
	"or\n"
	".Ql 50ms ;\n"
	"a bare number means seconds.\n"
	".Sh ENVIRONMENT\n"
	"A flag wins over the environment, and the environment over the project file.\n"
	".Bl -tag -width Ds\n";

static const char environment[] =
	".It Ev CNAP_API_TOKEN\n"
	"The token for accounts with url cnap that name no other.\n"
	"Without it,\n"
	".Pa ~/.cnap/config.yaml\n"
	"is read.\n"
	".It Ev CLOUDFLARE_API_TOKEN\n"
	"The token for accounts at api.cloudflare.com that name no other.\n"
	".It Ev CI\n"
	"With\n"
	".Ql true ,\n"
	"the embedded simulator needs\n"
	".Fl -allow-dev ,\n"
	"and a state inside the checkout gets a warning.\n"
	".It Ev NO_COLOR\n"
	"No colour.\n"
	".El\n"
	".Sh FILES\n"
	".Bl -tag -width Ds\n"
	".It Pa adit.yaml\n"
	"The project; see\n"
	".Xr adit.yaml 5 .\n"
	"Looked for in the folder of the first\n"
	".Fl f\n"
	"and above it, then in the working folder and above it,\n"
	"up to the root of the checkout.\n"
	".It Pa .adit/state.db\n"
	"The recorded state, beside the project file unless it says otherwise.\n"
	".It Pa .adit/dev.db\n"
	"The data of the embedded simulator.\n"
	".It Pa .aditignore\n"
	"Names of files and folders that are skipped when a folder of manifests is read.\n"
	".El\n"
	".Sh EXIT STATUS\n"
	"The same for all commands; the first that applies of 130, 64, 1, 4, 5, 3, 2 and 0.\n"
	".Bl -tag -width Ds\n";

static const char tail[] =
	".El\n"
	".Sh SECURITY\n"
	"Tokens come from the environment, a file that only its owner may read, or a command; never from the project\n"
	"file or the command line.\n"
	"A token goes only to the origin that it belongs to: a url in the project file other than\n"
	".Ql cnap ,\n"
	".Ql dev:\\& ,\n"
	"loopback and api.cloudflare.com has to be allowed with\n"
	".Fl -allow-url .\n"
	"No secret is ever written to state, plan, trace or messages.\n"
	".Sh SEE ALSO\n"
	".Xr adit.yaml 5\n";

void manual_overview(struct strbuf *out)
{
	static const enum exit_code codes[] = { EXIT_CODE_DONE, EXIT_CODE_ERROR, EXIT_CODE_DIFFERS, EXIT_CODE_PARTIAL,
						EXIT_CODE_REFUSED, EXIT_CODE_STALE, EXIT_CODE_USAGE,
						EXIT_CODE_INTERRUPTED };

	strbuf_adds(out, head);
	for (size_t i = 0; i < command_count; i++) {
		strbuf_adds(out, ".It Xr ");
		manual_name(out, &command_table[i]);
		strbuf_addf(out, " 1\n%s.\n", command_table[i].summary);
	}
	strbuf_adds(out, ".El\n");
	strbuf_adds(out, options);
	for (size_t i = 0; i < option_count; i++)
		if (option_table[i].environment)
			strbuf_addf(out, ".It Ev %s\nAs\n.Fl -%s%s\n", option_table[i].environment, option_table[i].name,
				    option_table[i].kind == OPTION_LIST ? " ;\nseveral values are separated by commas." : " .");
	strbuf_adds(out, environment);
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		strbuf_addf(out, ".It %d\n%s\n", (int)codes[i], exit_code_text(codes[i]));
	strbuf_adds(out, tail);
}
