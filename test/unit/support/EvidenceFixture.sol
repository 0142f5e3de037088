// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelHub} from "../../../contracts/interfaces/IModelHub.sol";
import {SignedResult} from "../../../contracts/interfaces/IProofSettlement.sol";
import {InferenceResult} from "../../../contracts/types/InferenceResult.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {NetworkFixture} from "./NetworkFixture.sol";

/// Digests spelled out from the type strings, apart from the contracts' own, and signatures that must not count.
abstract contract EvidenceFixture is NetworkFixture {
    string internal constant RESULT_TYPE =
        "InferenceResult(bytes32 context,bytes32 release,uint8 mode,uint8 codec,bytes32 inputHash,bytes32 outputHash,"
        "uint256 fee,uint256 maxCover,uint40 validUntil)";

    function _domain(uint256 chainId, address verifyingContract) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                    keccak256("OPG Inference"),
                    keccak256("1"),
                    chainId,
                    verifyingContract
                )
            );
    }

    function _domain() internal view returns (bytes32) {
        return _domain(block.chainid, address(operators));
    }

    /// What is hashed to a result's struct hash, member by member.
    function _preimage(InferenceResult memory result) internal pure returns (bytes memory) {
        return
            bytes.concat(
                keccak256(bytes(RESULT_TYPE)),
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
    }

    function _leaf(InferenceResult memory result) internal pure returns (bytes32) {
        return keccak256(_preimage(result));
    }

    function _digest(bytes32 domain, bytes32 structHash) internal pure returns (bytes32) {
        return keccak256(bytes.concat(hex"1901", domain, structHash));
    }

    function _bundleHash(bytes32 root) internal pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256("InferenceBundle(bytes32 root)"), root));
    }

    /// What a lie is punished under: 152 bits of the question, 104 of the answer.
    function _claimKey(uint32 operatorId, uint16 era, InferenceResult memory result) internal pure returns (bytes32) {
        bytes32 question = keccak256(
            bytes.concat(
                bytes32(uint256(operatorId)),
                bytes32(uint256(era)),
                ReleaseId.unwrap(result.release),
                bytes32(uint256(result.codec)),
                result.inputHash
            )
        );
        bytes32 answer = keccak256(bytes.concat(question, result.outputHash));
        return bytes32(((uint256(question) >> 104) << 104) | (uint256(answer) % 2 ** 104));
    }

    function _commitmentFor(bytes32 key, address who, bytes32 salt) internal pure returns (bytes32) {
        return keccak256(bytes.concat(key, bytes32(uint256(uint160(who))), salt));
    }

    /// Signed alone, in any domain.
    function _signIn(
        bytes32 domain,
        uint256 key,
        InferenceResult memory result
    ) internal pure returns (SignedResult memory signed) {
        signed.result = result;
        signed.signature = _signDigest(key, _digest(domain, _leaf(result)));
    }

    /// Who a contract takes for the signer of a result that was signed alone.
    function _apparentSigner(SignedResult memory signed) internal view returns (address) {
        (bytes32 r, bytes32 s, uint8 v) = _split(signed.signature);
        return ecrecover(_digest(_domain(), _leaf(signed.result)), v, r, s);
    }

    function _split(bytes memory signature) internal pure returns (bytes32 r, bytes32 s, uint8 v) {
        assembly ("memory-safe") {
            r := mload(add(signature, 32))
            s := mload(add(signature, 64))
            v := byte(0, mload(add(signature, 96)))
        }
    }

    /// The 64-byte form of ERC-2098.
    function _compact(bytes memory signature) internal pure returns (bytes memory) {
        (bytes32 r, bytes32 s, uint8 v) = _split(signature);
        return bytes.concat(r, v == 28 ? s | bytes32(uint256(1) << 255) : s);
    }

    /// A signature from which nobody is recovered.
    function _ofNobody(bytes memory signature) internal pure returns (bytes memory) {
        (bytes32 r, bytes32 s, ) = _split(signature);
        return abi.encodePacked(r, s, uint8(29));
    }

    function _malleableError(bytes memory signature) internal pure returns (bytes memory) {
        (, bytes32 s, ) = _split(signature);
        return abi.encodeWithSignature("ECDSAInvalidSignatureS(bytes32)", s);
    }

    function _lengthError(uint256 length) internal pure returns (bytes memory) {
        return abi.encodeWithSignature("ECDSAInvalidSignatureLength(uint256)", length);
    }

    /// The hub's word alone, for what needs no graph.
    function _treatAsExact(ReleaseId id) internal {
        bytes memory answer = abi.encode(keccak256("graph"), uint40(1));
        vm.mockCall(address(hub), abi.encodeCall(IModelHub.exactGraphOf, (id)), answer);
    }
}
