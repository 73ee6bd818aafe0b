namespace Countersign.OAuth;

/// <summary>Who acts for the subject of a token, and who acted before (RFC 8693 §4.1).</summary>
/// <param name="Subject">The actor's <c>sub</c>.</param>
/// <param name="Issuer">Whose name that is; null: this server's.</param>
/// <param name="Next">Who acted before; null: nobody.</param>
public sealed record Actor(string Subject, string? Issuer, Actor? Next)
{
    /// <summary>The longest chain that is taken or made.</summary>
    public const int MaxDepth = 8;

    public int Depth => 1 + (Next?.Depth ?? 0);

    /// <summary>Whether the chain is one that both formats can hold.</summary>
    internal static bool IsSound(Actor? outermost)
    {
        var depth = 0;

        for (var actor = outermost; actor is not null; actor = actor.Next)
        {
            if (++depth > MaxDepth || actor.Subject.Length == 0 || actor.Issuer is { Length: 0 })
            {
                return false;
            }
        }

        return true;
    }
}
