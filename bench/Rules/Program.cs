using System.Globalization;
using System.Text.Json;
using Countersign.Cel;
using Countersign.OAuth;

// The claims of a CI job's token, as they are when a rule is tried: read once, then looked at.
var claims = JsonElement.Parse(
    """
    {"iss":"https://token.actions.githubusercontent.com","sub":"repo:octo-org@123456/octo-repo@456789:ref:refs/heads/main","aud":"https://as.example",
     "repository":"octo-org/octo-repo","repository_id":"456789","repository_owner":"octo-org","repository_owner_id":"123456","ref":"refs/heads/main",
     "ref_type":"branch","event_name":"push","environment":"production","actor":"octocat","run_attempt":"1","runner_environment":"github-hosted",
     "job_workflow_ref":"octo-org/octo-repo/.github/workflows/deploy.yml@refs/heads/main","iat":1795000000,"exp":1795000300,"jti":"a"}
    """);
var environment = new CelEnvironment(
    new("claims", CelType.Map(CelType.String, CelType.Dyn)),
    new("request", CelType.Map(CelType.String, CelType.Dyn)))
{
    Result = CelType.Bool,
};
var activation = new CelActivation(environment)
    .With("claims", CelValue.FromJson(claims))
    .With("request", CelValue.Of(new Dictionary<string, CelValue> { ["scopes"] = CelValue.Of([CelValue.Of("deploy")]) }));

string[] written =
[
    """{"claim":"repository_id","equals":"456789"}""",
    """{"claim":"repository_owner_id","equals":"123456"}""",
    """{"claim":"sub","glob":"repo:octo-org@123456/octo-repo@456789:ref:refs/heads/*"}""",
    """{"claim":"event_name","any_of":["push","workflow_dispatch"]}""",
];
var conditions = written.Select(c => ClaimCondition.Read(JsonElement.Parse(c), out var fault) ?? throw new InvalidOperationException(fault)).ToArray();
var cel = Compiled("claims.ref == 'refs/heads/main' && claims.environment in ['production', 'staging'] && request.scopes.all(s, s.startsWith('deploy'))");
var pattern = Compiled("claims.job_workflow_ref.matches('^octo-org/[a-z-]+/[.]github/workflows/deploy[.]yml@refs/heads/(main|release-[0-9]+)$')");

// Each asks for far more than an evaluation may cost.
var bombs = new (string Name, string Text)[]
{
    ("nested loops", "[1,2,3,4,5,6,7,8,9,10].all(a, [1,2,3,4,5,6,7,8,9,10].all(b, [1,2,3,4,5,6,7,8,9,10].all(c, [1,2,3,4,5,6,7,8,9,10].all(d, [1,2,3,4,5,6,7,8,9,10].all(e, true)))))"),
    ("text that doubles", "['aaaaaaaaaaaaaaaa'].map(a, a+a+a+a+a+a+a+a).map(a, a+a+a+a+a+a+a+a).map(a, a+a+a+a+a+a+a+a).map(a, a+a+a+a+a+a+a+a).map(a, a+a+a+a+a+a+a+a).size() == 1"),
    ("a pattern that backtracks elsewhere", "[1,2,3,4,5,6,7,8,9,10].all(a, [1,2,3,4,5,6,7,8,9,10].all(b, [1,2,3].all(c, !'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'.matches('^(a|a?|aa)+b$'))))"),
};

Console.WriteLine($"{"",-38} {"µs",8} {"bytes",8}");
Report("four conditions", () => Array.TrueForAll(conditions, c => c.Holds(claims)), expected: true);
Report("an expression in CEL", () => Holds(cel), expected: true);
Report("a pattern in CEL", () => Holds(pattern), expected: true);
Report("a rule: four conditions and CEL", () => Array.TrueForAll(conditions, c => c.Holds(claims)) && Holds(cel), expected: true);

foreach (var (name, text) in bombs)
{
    var bomb = Compiled(text);
    Report($"hostile: {name}", () => Holds(bomb), expected: false);
    Console.WriteLine($"  ended by: {bomb.Evaluate(activation, new CelDeadline(TimeProvider.System, CelDeadline.Usual))}");
}

bool Holds(CelExpression expression) => expression.Evaluate(activation, new CelDeadline(TimeProvider.System, CelDeadline.Usual)).IsTrue;

CelExpression Compiled(string text) => CelExpression.Compile(text, environment, out var fault) ?? throw new InvalidOperationException(fault?.ToString());

// The median of five rounds, after a warm-up that lets the compiler finish.
static void Report(string name, Func<bool> run, bool expected)
{
    if (run() != expected)
    {
        throw new InvalidOperationException($"{name} did not come to {expected}");
    }

    Rounds(run, TimeSpan.FromSeconds(1));
    var rounds = Enumerable.Range(0, 5).Select(_ => Rounds(run, TimeSpan.FromMilliseconds(300))).OrderBy(r => r.Micros).ToArray();
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-38} {rounds[2].Micros,8:0.00} {rounds[2].Bytes,8:0}"));
}

static (double Micros, double Bytes) Rounds(Func<bool> run, TimeSpan length)
{
    var (count, bytes, began) = (0L, GC.GetAllocatedBytesForCurrentThread(), TimeProvider.System.GetTimestamp());

    while (TimeProvider.System.GetElapsedTime(began) < length)
    {
        for (var i = 0; i < 100; i++)
        {
            run();
        }

        count += 100;
    }

    return (TimeProvider.System.GetElapsedTime(began).TotalMicroseconds / count, (GC.GetAllocatedBytesForCurrentThread() - bytes) / (double)count);
}
