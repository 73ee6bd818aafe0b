using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;

namespace Countersign.Server.Admin;

/// <summary>Why an administrator's request is not carried out; becomes a problem of RFC 9457.</summary>
internal sealed record Refusal(int Status, string Detail)
{
    /// <summary>What is wrong with each member of the request.</summary>
    public IReadOnlyDictionary<string, string[]>? Errors { get; init; }

    public static Refusal Invalid(string member, string fault) =>
        new(StatusCodes.Status400BadRequest, $"{member} {fault}") { Errors = new Dictionary<string, string[]> { [member] = [fault] } };

    /// <summary>What is out of reach reads like what does not exist (R215).</summary>
    public static Refusal NotFound(string what) => new(StatusCodes.Status404NotFound, $"there is no such {what} within your reach");

    /// <summary>The same of what a member of the request names.</summary>
    public static Refusal NotFound(string what, string member)
    {
        var refusal = NotFound(what);

        return refusal with { Errors = new Dictionary<string, string[]> { [member] = [refusal.Detail] } };
    }

    public static Refusal Forbidden(string detail) => new(StatusCodes.Status403Forbidden, detail);

    public static Refusal Conflict(string detail) => new(StatusCodes.Status409Conflict, detail);
}

/// <summary>A value, or the refusal in its place.</summary>
internal readonly struct Outcome<T>
    where T : class
{
    private readonly T? _value;
    private readonly Refusal? _refusal;

    private Outcome(T? value, Refusal? refusal) => (_value, _refusal) = (value, refusal);

    public static implicit operator Outcome<T>(T value) => new(value, null);

    public static implicit operator Outcome<T>(Refusal refusal) => new(null, refusal);

    public bool Is([NotNullWhen(true)] out T? value, [NotNullWhen(false)] out Refusal? refusal)
    {
        value = _value;
        refusal = _refusal;

        return value is not null || (refusal is not null ? false : throw new InvalidOperationException("the outcome was never set"));
    }
}
