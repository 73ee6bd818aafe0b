using System.Diagnostics.CodeAnalysis;

namespace Countersign.OAuth;

/// <summary>A value, or the refusal that stands in its place.</summary>
public readonly struct Result<T>
    where T : class
{
    private readonly T? _value;
    private readonly OAuthError? _error;

    private Result(T? value, OAuthError? error) => (_value, _error) = (value, error);

    public static implicit operator Result<T>(T value) => new(value, null);

    public static implicit operator Result<T>(OAuthError error) => new(null, error);

    /// <summary>Whether there is a value; exactly one of the two is set. A <c>default</c> result is neither and throws.</summary>
    public bool Is([NotNullWhen(true)] out T? value, [NotNullWhen(false)] out OAuthError? error)
    {
        value = _value;
        error = _error;

        return value is not null || (error is not null ? false : throw new InvalidOperationException("the result was never set"));
    }
}
