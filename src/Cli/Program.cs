using Countersign.Cli.Commands;

namespace Countersign.Cli;

internal static class Program
{
    private static Task<int> Main(string[] args) => Commands(Shell.OfThisProcess()).InvokeAsync(args);

    /// <summary>Every command of the program.</summary>
    internal static CommandLine Commands(Shell shell) => new(shell)
    {
        Dev.Verb(),
        Serve.Verb(),
        TenantCommands.Noun(),
        GroupCommands.Noun(),
        OrganizationCommands.Noun(),
        AccountCommands.Noun(),
        SecretCommands.Noun(),
        KeyCommands.Noun(),
        JwksUrlCommands.Noun(),
        GrantCommands.Noun(),
        IssuerCommands.Noun(),
        RuleCommands.Noun(),
        ExchangeRuleCommands.Noun(),
        RoleCommands.Noun(),
        ApiCommands.Noun(),
        SigningKeyCommands.Noun(),
        RevokeCommand.Verb(),
        AuditCommands.Noun(),
        UsageCommand.Verb(),
        ExplainCommand.Verb(),
        ReportCommands.Noun(),
        TokenCommand.Verb(),
        JwtCommands.Noun(),
        JwksCommands.Noun(),
        WhoamiCommand.Verb(),
        SetupCommand.Verb(),
        ProfileCommands.Noun(),
    };
}
