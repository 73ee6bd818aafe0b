using System.CommandLine;
using System.Diagnostics;
using System.Runtime.Versioning;
using Countersign.Measure;

[assembly: SupportedOSPlatform("linux")]

var serverCpu = Number("--server-cpu", 0, "the CPU that the measured servers are bound to");
var loadCpu = Number("--load-cpu", 1, "the CPU that the load comes from");
var connections = Number("--connections", 64, "connections held open");
var seconds = Number("--seconds", 6, "length of a round");
var rounds = Number("--rounds", 3, "rounds, those that are compared in turn");
var quick = new Option<bool>("--quick") { Description = "1 round of 3 seconds, to see whether anything is badly off" };
var secretInForm = new Option<bool>("--post") { Description = "send the secret in the form instead of by Basic" };
var only = new Option<string?>("--only") { Description = "only scenarios whose name holds this text" };
var json = new Option<string?>("--json") { Description = "also write the figures to this file" };
var count = Number("--count", 100_000, "accounts to import");
var hot = Number("--hot", 10_000, "accounts of these that ask for tokens");

var load = new Command(
    "load",
    "Measures the token endpoint and introspection against bare Kestrels.\nExample: bench/load --rounds 5 --json load.json")
{
    quick, rounds, seconds, connections, secretInForm, only, serverCpu, loadCpu, json,
};
load.SetAction(parsed => new Load(Options(parsed)).RunAsync());

var accounts = new Command(
    "accounts",
    "Imports many accounts, then times listing, searching and tokens.\nExample: bench/accounts --count 100000 --hot 10000")
{
    count, hot, quick, rounds, seconds, connections, serverCpu, loadCpu, json,
};
accounts.SetAction(parsed => new Accounts(Options(parsed), parsed.GetValue(count), parsed.GetValue(hot)).RunAsync());

var root = new RootCommand("Measures Countersign. Loopback only; everything it starts, it stops.") { load, accounts };
return await root.Parse(args).InvokeAsync();

static Option<int> Number(string name, int usual, string description) =>
    new(name) { Description = description, DefaultValueFactory = _ => usual };

LoadOptions Options(ParseResult parsed)
{
    // This program asks as well, so it keeps off the server's CPU too.
    using var self = Process.GetCurrentProcess();
    self.ProcessorAffinity = (nint)1 << parsed.GetValue(loadCpu);

    return new LoadOptions
    {
        ServerCpu = parsed.GetValue(serverCpu),
        LoadCpu = parsed.GetValue(loadCpu),
        Connections = parsed.GetValue(connections),
        Seconds = parsed.GetValue(quick) ? 3 : parsed.GetValue(seconds),
        Rounds = parsed.GetValue(quick) ? 1 : parsed.GetValue(rounds),
        SecretInForm = parsed.GetValue(secretInForm),
        Only = parsed.GetValue(only),
        JsonFile = parsed.GetValue(json),
    };
}
