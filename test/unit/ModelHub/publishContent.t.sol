// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    Arithmetic,
    Contributor,
    IModelHub,
    KeyOrigin,
    ModelFile,
    ReleaseContent,
    TensorSpec
} from "../../../contracts/interfaces/IModelHub.sol";
import {ModelHubFixture} from "./ModelHubFixture.sol";

/// What a publisher may declare.
contract PublishContentTest is ModelHubFixture {
    function test_revertsWhenTheFilesDoNotHoldTheEntry() public {
        ReleaseContent memory content = _content();
        content.files = new ModelFile[](0);
        _expectRefused(content, abi.encodeWithSelector(IModelHub.ReleaseFilesInvalid.selector, 0, 0));
        content = _withFiles(2);
        content.entry = 2;
        _expectRefused(content, abi.encodeWithSelector(IModelHub.ReleaseFilesInvalid.selector, 2, 2));
        content = _withFiles(17);
        _expectRefused(content, abi.encodeWithSelector(IModelHub.ReleaseFilesInvalid.selector, 17, 0));
    }

    function test_revertsWhenAPathIsNotRelative() public {
        string[16] memory paths = [
            "",
            "/model.onnx",
            "a//b",
            "a/",
            "/",
            ".",
            "..",
            "./a",
            "../a",
            "a/./b",
            "a/../b",
            "a/..",
            "a\\b",
            "..\\a",
            "a\nb",
            unicode"modèle.onnx"
        ];
        for (uint256 i; i < paths.length; ++i) {
            _expectPathRefused(paths[i]);
        }
        _expectPathRefused(_repeat("a", 257));
    }

    function test_takesPathsThatOnlyLookLikeClimbing() public {
        string[6] memory paths = ["...", "..a/b", "a../b", ".hidden", "a/b/c.d", "my model.onnx"];
        for (uint256 i; i < paths.length; ++i) {
            _publish(_withPath(paths[i]), false);
        }
        _publish(_withPath(_repeat("a", 256)), false);
    }

    function test_revertsWhenAPathIsRepeated() public {
        ReleaseContent memory content = _withFiles(16);
        content.files[15].path = content.files[3].path;
        bytes memory refusal = abi.encodeWithSelector(IModelHub.FilePathRepeated.selector, 15, content.files[3].path);
        _expectRefused(content, refusal);
    }

    function test_revertsWhenAFileHasNoSizeOrDigest() public {
        bytes memory refusal = abi.encodeWithSelector(IModelHub.FileDigestMissing.selector, 1, "1");
        ReleaseContent memory content = _withFiles(2);
        content.files[1].size = 0;
        _expectRefused(content, refusal);
        content = _withFiles(2);
        content.files[1].sha256Digest = 0;
        _expectRefused(content, refusal);
    }

    function test_revertsWhenAUriIsTooLongOrUnprintable() public {
        string[2] memory uris = [_repeat("u", 513), "https://a\x00b"];
        for (uint256 i; i < uris.length; ++i) {
            ReleaseContent memory content = _content();
            content.files[0].uri = uris[i];
            _expectRefused(content, abi.encodeWithSelector(IModelHub.FileUriInvalid.selector, 0, uris[i]));
        }
    }

    function test_takesTheMostOfEverything() public {
        ReleaseContent memory content = _withContributors(16, 625);
        content.files = _withFiles(16).files;
        content.entry = 15;
        content.files[0].uri = _repeat("u", 512);
        content.inputs = _tensors(64);
        content.outputs = _tensors(64);
        content.inputs[0].name = _repeat("n", 128);
        content.inputs[1].shape = new int32[](8);
        for (uint256 i; i < 8; ++i) {
            content.inputs[1].shape[i] = type(int32).max;
        }
        content.outputs[0].shape = new int32[](0);
        _publish(content, false);
    }

    function test_revertsWhenInputsOrOutputsAreNoneOrTooMany() public {
        _expectSchemaRefused(0, 1);
        _expectSchemaRefused(1, 0);
        _expectSchemaRefused(65, 1);
        _expectSchemaRefused(1, 65);
    }

    function test_revertsWhenATensorIsInvalid() public {
        _expectTensorRefused(TensorSpec("", FLOAT32, new int32[](0)));
        _expectTensorRefused(TensorSpec(_repeat("n", 129), FLOAT32, new int32[](0)));
        _expectTensorRefused(TensorSpec("\x1f", FLOAT32, new int32[](0)));
        // A dimension of zero, then ranks and dimensions beyond their bounds.
        _expectTensorRefused(TensorSpec("x", FLOAT32, new int32[](1)));
        int32[] memory shape = new int32[](9);
        for (uint256 i; i < 9; ++i) {
            shape[i] = 1;
        }
        _expectTensorRefused(TensorSpec("x", FLOAT32, shape));
        shape = new int32[](1);
        shape[0] = -2;
        _expectTensorRefused(TensorSpec("x", FLOAT32, shape));
        shape[0] = type(int32).min;
        _expectTensorRefused(TensorSpec("x", FLOAT32, shape));
    }

    function test_revertsWhenATensorNameIsRepeated() public {
        bytes memory refusal = abi.encodeWithSelector(IModelHub.TensorNameRepeated.selector, "t3");
        ReleaseContent memory content = _content();
        content.inputs = _tensors(5);
        content.inputs[4].name = "t3";
        _expectRefused(content, refusal);
        content = _content();
        content.outputs = _tensors(5);
        content.outputs[4].name = "t3";
        _expectRefused(content, refusal);
    }

    function test_takesOneNameForAnInputAndAnOutput() public {
        ReleaseContent memory content = _content();
        content.outputs[0].name = content.inputs[0].name;
        _publish(content, false);
    }

    function testFuzz_takesADtypeExactlyWhenOnnxHasItAsAFixedWidthNumber(uint8 dtype) public {
        bool taken = dtype >= 1 && dtype <= 16 && dtype != 8 && dtype != 14 && dtype != 15;
        ReleaseContent memory content = _content();
        content.outputs[0].dtype = dtype;
        if (taken) _publish(content, false);
        else _expectTensorRefused(content.outputs[0]);
    }

    function test_revertsWhenTheModesAreNone() public {
        _expectModesRefused(0);
        _expectModesRefused(8);
        _expectModesRefused(255);
    }

    function test_revertsWhenAContributorIsInvalid() public {
        ReleaseContent memory content = _withContributors(3, 100);
        content.contributors[1].account = address(0);
        _expectContributorRefused(content, 1);
        content = _withContributors(3, 100);
        content.contributors[2].bps = 0;
        _expectContributorRefused(content, 2);
        content = _withContributors(16, 100);
        content.contributors[15].account = content.contributors[0].account;
        _expectContributorRefused(content, 15);
    }

    function test_revertsWhenContributorsAreTooMany() public {
        ReleaseContent memory content = _withContributors(17, 1);
        _expectRefused(content, abi.encodeWithSelector(IModelHub.ContributorsInvalid.selector, 0, 17));
    }

    function testFuzz_takesContributorsExactlyUpToTheWholeRoyalty(uint16[16] memory shares, uint256 count) public {
        ReleaseContent memory content = _withContributors(bound(count, 1, 16), 1);
        uint256 totalBps;
        for (uint256 i; i < content.contributors.length; ++i) {
            content.contributors[i].bps = uint16(bound(shares[i], 1, 2500));
            totalBps += content.contributors[i].bps;
        }
        if (totalBps <= 10_000) {
            bytes32 expected = keccak256(abi.encode(content.contributors));
            assertEq(hub.contributorsHashOf(_publish(content, false)), expected);
            return;
        }
        count = content.contributors.length;
        _expectRefused(content, abi.encodeWithSelector(IModelHub.ContributorsInvalid.selector, totalBps, count));
    }

    function test_takesTheWholeRoyaltyAndNotAPointMore() public {
        ReleaseContent memory content = _withContributors(2, 5000);
        _publish(content, false);
        content.contributors[1].bps = 5001;
        _expectRefused(content, abi.encodeWithSelector(IModelHub.ContributorsInvalid.selector, 10_001, 2));
        content.contributors[0].bps = type(uint16).max;
        content.contributors[1].bps = type(uint16).max;
        _expectRefused(content, abi.encodeWithSelector(IModelHub.ContributorsInvalid.selector, 131_070, 2));
    }

    function test_revertsWhenAnExactReleaseLacksItsGraph() public {
        ReleaseContent memory content = _exactContent();
        content.exact.graphRoot = 0;
        _expectLoweringRefused(content);
        content = _exactContent();
        content.exact.loweringVersion = 0;
        _expectLoweringRefused(content);
    }

    function test_revertsWhenAnApproximateReleaseHasAGraph() public {
        ReleaseContent memory content = _content();
        content.exact.graphRoot = keccak256("graph");
        _expectLoweringRefused(content);
        content = _content();
        content.exact.loweringVersion = 1;
        _expectLoweringRefused(content);
    }

    function test_revertsWhenZkLacksPartOfItsCircuit() public {
        ReleaseContent memory content = _withCircuit();
        content.exact.zkVerifier = address(0);
        _expectCircuitRefused(content, ZK_ONLY);
        content = _withCircuit();
        content.exact.zkKeyDigest = 0;
        _expectCircuitRefused(content, ZK_ONLY);
        content = _withCircuit();
        content.exact.zkKeyOrigin = KeyOrigin.None;
        _expectCircuitRefused(content, ZK_ONLY);
        _expectCircuitRefused(_content(), 7);
    }

    function test_revertsWhenACircuitIsGivenWithoutZk() public {
        _expectCircuitRefused(_withCircuit(), VANILLA_ONLY);
        ReleaseContent memory content = _content();
        content.exact.zkKeyOrigin = KeyOrigin.Single;
        _expectCircuitRefused(content, VANILLA_ONLY | 4);
    }

    function test_takesACircuitOfAnApproximateRelease() public {
        _publishInModes(_withCircuit(), ZK_ONLY);
    }

    /// Against the grammar applied to each part, on paths made mostly of what it is about.
    function testFuzz_takesAPathExactlyWhenItStaysBelowItsRoot(uint256 seed, uint256 length) public {
        bytes memory alphabet = "..//ab.\\";
        bytes memory path = new bytes(bound(length, 0, 9));
        for (uint256 i; i < path.length; ++i) {
            path[i] = alphabet[(seed >> (8 * i)) % alphabet.length];
        }
        if (_staysBelow(path)) _publish(_withPath(string(path)), false);
        else _expectPathRefused(string(path));
    }

    /// One arbitrary byte anywhere in a URI of any length.
    function testFuzz_takesAUriExactlyWhenItIsPrintable(uint256 length, uint256 place, bytes1 char) public {
        bytes memory uri = bytes(_repeat("u", bound(length, 1, 100)));
        uri[bound(place, 0, uri.length - 1)] = char;
        ReleaseContent memory content = _content();
        content.files[0].uri = string(uri);
        if (char >= 0x20 && char <= 0x7e) _publish(content, false);
        else _expectRefused(content, abi.encodeWithSelector(IModelHub.FileUriInvalid.selector, 0, string(uri)));
    }

    function _staysBelow(bytes memory path) private pure returns (bool) {
        bytes memory part;
        for (uint256 i; i <= path.length; ++i) {
            if (i < path.length && path[i] == 0x5c) return false;
            if (i < path.length && path[i] != "/") {
                part = bytes.concat(part, path[i]);
                continue;
            }
            bytes32 hash = keccak256(part);
            if (hash == keccak256("") || hash == keccak256(".") || hash == keccak256("..")) return false;
            part = "";
        }
        return true;
    }

    function _expectRefused(ReleaseContent memory content, bytes memory refusal) private {
        vm.expectRevert(refusal);
        _publish(content, false);
    }

    function _expectPathRefused(string memory path) private {
        _expectRefused(_withPath(path), abi.encodeWithSelector(IModelHub.FilePathInvalid.selector, 0, path));
    }

    function _expectSchemaRefused(uint256 inputs, uint256 outputs) private {
        ReleaseContent memory content = _content();
        content.inputs = _tensors(inputs);
        content.outputs = _tensors(outputs);
        _expectRefused(content, abi.encodeWithSelector(IModelHub.ReleaseSchemaInvalid.selector, inputs, outputs));
    }

    function _expectTensorRefused(TensorSpec memory spec) private {
        bytes memory refusal = abi.encodeWithSelector(
            IModelHub.TensorSpecInvalid.selector,
            spec.name,
            spec.dtype,
            spec.shape
        );
        ReleaseContent memory content = _content();
        content.inputs[0] = spec;
        _expectRefused(content, refusal);
        content = _content();
        content.outputs[0] = spec;
        _expectRefused(content, refusal);
    }

    function _expectModesRefused(uint8 modes) private {
        vm.expectRevert(abi.encodeWithSelector(IModelHub.ReleaseModesInvalid.selector, modes));
        _publishInModes(_content(), modes);
    }

    function _expectContributorRefused(ReleaseContent memory content, uint256 index) private {
        Contributor memory refused = content.contributors[index];
        _expectRefused(
            content,
            abi.encodeWithSelector(IModelHub.ContributorInvalid.selector, index, refused.account, refused.bps)
        );
    }

    function _expectLoweringRefused(ReleaseContent memory content) private {
        Arithmetic arithmetic = content.arithmetic;
        _expectRefused(
            content,
            abi.encodeWithSelector(
                IModelHub.LoweringInvalid.selector,
                arithmetic,
                content.exact.graphRoot,
                content.exact.loweringVersion
            )
        );
    }

    function _expectCircuitRefused(ReleaseContent memory content, uint8 modes) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IModelHub.ZkCommitmentInvalid.selector,
                modes,
                content.exact.zkVerifier,
                content.exact.zkKeyDigest,
                content.exact.zkKeyOrigin
            )
        );
        _publishInModes(content, modes);
    }

    function _withPath(string memory path) private pure returns (ReleaseContent memory content) {
        content = _content();
        content.files[0].path = path;
    }

    function _withFiles(uint256 count) private pure returns (ReleaseContent memory content) {
        content = _content();
        content.files = new ModelFile[](count);
        for (uint256 i; i < count; ++i) {
            content.files[i] = ModelFile(vm.toString(i), 1, DIGEST, "");
        }
    }

    function _withCircuit() private pure returns (ReleaseContent memory content) {
        content = _content();
        content.exact.zkVerifier = address(0x21);
        content.exact.zkKeyDigest = keccak256("key");
        content.exact.zkKeyOrigin = KeyOrigin.Universal;
    }

    function _tensors(uint256 count) private pure returns (TensorSpec[] memory tensors) {
        tensors = new TensorSpec[](count);
        for (uint256 i; i < count; ++i) {
            tensors[i] = TensorSpec(string.concat("t", vm.toString(i)), FLOAT32, new int32[](0));
        }
    }

    function _repeat(bytes1 char, uint256 count) private pure returns (string memory) {
        bytes memory text = new bytes(count);
        for (uint256 i; i < count; ++i) {
            text[i] = char;
        }
        return string(text);
    }
}
