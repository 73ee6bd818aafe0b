namespace Countersign.OAuth.Tests;

internal static class Outcome
{
    public static T Value<T>(this Result<T> result)
        where T : class
    {
        Assert.True(result.Is(out var value, out var error), error?.Failed.Detail);

        return value;
    }

    /// <summary>The refusal, which must be this code for the reason of this check, and fit to be sent.</summary>
    public static OAuthError Refused<T>(this Result<T> result, string code, string check)
        where T : class
    {
        Assert.False(result.Is(out _, out var error));
        Assert.Equal((code, check), (error.Code, error.Failed.Check));
        Assert.Equal(400, error.Status);

        // RFC 6749 §5.2, the characters of error_description.
        Assert.All(error.Description, c => Assert.True(c is >= ' ' and <= '~' and not ('"' or '\\')));

        return error;
    }

    public static void Same(AccessToken expected, AccessToken? actual)
    {
        Assert.NotNull(actual);
        Assert.Equal(expected.Id, actual.Id);
        Assert.Equal(expected.TenantId, actual.TenantId);
        Assert.Equal(expected.AccountId, actual.AccountId);
        Assert.Equal(expected.ClientId, actual.ClientId);
        Assert.Equal(expected.CredentialId, actual.CredentialId);
        Assert.Equal(expected.Audience, actual.Audience);
        Assert.Equal(expected.Scope, actual.Scope);
        Assert.Equal((expected.IssuedAt, expected.ExpiresAt), (actual.IssuedAt, actual.ExpiresAt));
        Assert.Equal(expected.Act, actual.Act);
        Assert.Equal(expected.Via, actual.Via);
        Assert.Equal(expected.KeyThumbprint, actual.KeyThumbprint);
    }
}
