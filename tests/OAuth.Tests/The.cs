namespace Countersign.OAuth.Tests;

/// <summary>The values that tests share when the value does not matter.</summary>
internal static class The
{
    public const string Issuer = "https://as.example.com";

    public static readonly DateTimeOffset Now = new(2026, 11, 24, 12, 0, 0, 250, TimeSpan.Zero);

    public static readonly Guid Tenant = Guid.Parse("01935f2a-0000-7000-8000-000000000001");
    public static readonly Guid OtherTenant = Guid.Parse("01935f2a-0000-7000-8000-000000000002");
    public static readonly Guid SealingKeyId = Guid.Parse("01935f2a-0000-7000-8000-000000000003");
    public static readonly Guid Account = Guid.Parse("01935f2a-0000-7000-8000-000000000004");
    public static readonly Guid Credential = Guid.Parse("01935f2a-0000-7000-8000-000000000005");

    public static readonly SigningKey EcKey = SigningKey.Create(SigningAlgorithm.ByName("ES256")!);

    public static ReadOnlySpan<byte> SealingKeyBytes => "0123456789abcdef0123456789abcdef"u8;
}
