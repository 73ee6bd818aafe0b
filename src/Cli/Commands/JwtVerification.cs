using System.CommandLine;
using System.Text;
using Countersign.Cli.Keys;
using Countersign.OAuth;

namespace Countersign.Cli.Commands;

/// <summary><c>jwt verify</c>: is it good, and what does it say?</summary>
internal static class JwtVerification
{
    public static Verb Verb()
    {
        var file = JwtCommands.File();
        var keys = PublicKeys.Option(required: true);
        var audience = new Option<string>("--aud") { Description = "Must be among its audiences." };
        var issuer = new Option<string>("--iss") { Description = "Must be its issuer." };

        return new Verb(
            "verify",
            "Verifies a JWT (signature, times, and what is asked for) and prints its claims as JSON. Ends with 1 when it is not good.",
            "countersign jwt verify --keys https://auth.example.com/oauth2/jwks --aud https://orders.example.com token.txt")
        {
            file, keys, audience, issuer,
        }.Does(async (call, ct) =>
        {
            var text = await SecretInput.ReadAsync(call, call.Get(file), "JWT", ct);
            var known = await PublicKeys.ReadAsync(call, call.Get(keys)!, ct);
            var claims = Verified(Encoding.UTF8.GetBytes(text), known, out var failed);

            if ((failed ?? Check(claims!, call.Get(audience), call.Get(issuer), call.Now)) is { } fault)
            {
                throw CommandFault.Refused(Sentence(fault));
            }

            await call.Shell.Out.WriteLineAsync(Output.Pretty(claims!.Json));
        });
    }

    private static JwtClaims? Verified(byte[] text, IReadOnlyList<VerificationKey> keys, out FailedCheck? failed)
    {
        if (CompactJws.Parse(text, out failed) is not { } jws || VerificationKeySet.Select(jws, keys, out failed) is not { } key)
        {
            return null;
        }

        // What it says is looked at only when it is known who says it.
        if (key.Verify(jws.SigningInput.Span, jws.Signature.Span))
        {
            return JwtClaims.Read(jws, out failed);
        }

        failed = JwtInspection.WrongSignature(key);

        return null;
    }

    private static FailedCheck? Check(JwtClaims claims, string? audience, string? issuer, DateTimeOffset now)
    {
        var seconds = now.ToUnixTimeSeconds();
        var skew = (long)InspectionSettings.ClockSkew.TotalSeconds;

        return claims.ExpiresAt + skew <= seconds ? new FailedCheck("exp", $"it expired {seconds - claims.ExpiresAt} s ago")
            : claims.NotBefore - skew > seconds ? new FailedCheck("nbf", $"it is not good for another {claims.NotBefore - seconds} s")
            : audience is not null && !claims.Audience.Contains(audience)
                ? new FailedCheck("aud", "it is for somebody else", string.Join(", ", claims.Audience), audience)
            : issuer is not null && claims.Issuer != issuer ? new FailedCheck("iss", "it is from somebody else", claims.Issuer, issuer)
            : null;
    }

    private static string Sentence(FailedCheck failed) => string.Concat(
        $"{failed.Check}: {failed.Detail}",
        failed.Got is null ? "" : $"\n  got       {failed.Got}",
        failed.Expected is null ? "" : $"\n  expected  {failed.Expected}",
        failed.Hint is null ? "" : $"\nHint: {failed.Hint}");
}
