namespace Countersign.Server.Token;

/// <summary>What was decided: the token to issue.</summary>
internal sealed record TokenGrant(string[] Audience, string Scope, bool Opaque, int LifetimeSeconds, string Alg)
{
    public string AudienceText { get; } = Audience.Length == 1 ? Audience[0] : string.Join(' ', Audience);
}
