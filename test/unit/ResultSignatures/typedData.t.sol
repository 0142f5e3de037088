// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SignedResult} from "../../../contracts/interfaces/IProofSettlement.sol";
import {INFERENCE_RESULT_TYPEHASH, InferenceResult} from "../../../contracts/types/InferenceResult.sol";
import {Mode} from "../../../contracts/types/Mode.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {NetworkFixture} from "../support/NetworkFixture.sol";

contract TypedDataTest is NetworkFixture {
    string private constant TYPE =
        "InferenceResult(bytes32 context,bytes32 release,uint8 mode,uint8 codec,"
        "bytes32 inputHash,bytes32 outputHash,uint256 fee,uint256 maxCover,uint40 validUntil)";

    function test_rule05_theTypeIsTheOneThatIsDocumented() public pure {
        assertEq(INFERENCE_RESULT_TYPEHASH, keccak256(bytes(TYPE)));
    }

    /// By the definition of EIP-712, field after field, and as the chain's own tool computes it from the type string.
    function testFuzz_rule09_theHashIsThatOfTheDefinition(
        bytes32[4] memory hashes,
        uint256[5] memory numbers
    ) public pure {
        InferenceResult memory result = _resultOf(hashes, numbers);
        bytes memory encoded = bytes.concat(
            keccak256(bytes(TYPE)),
            result.context,
            ReleaseId.unwrap(result.release),
            bytes32(uint256(result.mode)),
            bytes32(uint256(result.codec)),
            result.inputHash,
            result.outputHash,
            bytes32(result.fee),
            bytes32(result.maxCover),
            bytes32(uint256(result.validUntil))
        );
        assertEq(encoded.length, 320);
        assertEq(result.structHash(), keccak256(encoded));
        assertEq(result.structHash(), vm.eip712HashStruct(TYPE, abi.encode(result)));
    }

    /// Digest by digest over domain and struct, signed, and recovered by the contracts.
    function testFuzz_rule04_theDigestIsInTheDomainOfOperators(
        bytes32[4] memory hashes,
        uint256[5] memory numbers,
        uint256 key
    ) public view {
        InferenceResult memory result = _resultOf(hashes, numbers);
        key = bound(key, 1, type(uint128).max);
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("OPG Inference"),
                keccak256("1"),
                block.chainid,
                address(operators)
            )
        );
        bytes memory signature = _signDigest(key, keccak256(abi.encodePacked(hex"1901", domain, result.structHash())));
        assertEq(settlement.signerOf(SignedResult(result, new bytes32[](0), signature)), vm.addr(key));
    }

    function test_theModesKeepTheirNumbers() public pure {
        assertEq(uint8(Mode.VANILLA), 0);
        assertEq(uint8(Mode.ZK), 1);
        assertEq(uint8(Mode.TEE), 2);
    }

    function _resultOf(
        bytes32[4] memory hashes,
        uint256[5] memory numbers
    ) private pure returns (InferenceResult memory) {
        return
            InferenceResult({
                context: hashes[0],
                release: ReleaseId.wrap(hashes[1]),
                mode: Mode(numbers[0] % 3),
                codec: uint8(numbers[1]),
                inputHash: hashes[2],
                outputHash: hashes[3],
                fee: numbers[2],
                maxCover: numbers[3],
                validUntil: uint40(numbers[4])
            });
    }
}
