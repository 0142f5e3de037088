// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelHub, TensorSpec} from "../interfaces/IModelHub.sol";
import {IPipe, InferenceQuery} from "../interfaces/IPipe.sol";
import {TensorCodec} from "../libraries/TensorCodec.sol";
import {CODEC_TENSORS} from "../types/Codec.sol";
import {NO_COVER} from "../types/Cover.sol";
import {Dtype} from "../types/Dtype.sol";
import {MODE_MASK} from "../types/KeyOrigin.sol";
import {modelIdOf} from "../types/ModelId.sol";
import {ReleaseId} from "../types/ReleaseId.sol";
import {Tensor, TensorRules} from "../types/Tensor.sol";
import {IReleaseSchemas} from "./IReleaseSchemas.sol";
import {ISolidML, ModelInferenceMode, ModelInferenceRequest, ModelInput, ModelOutput} from "./ISolidML.sol";
import {ModelIds} from "./ModelIds.sol";
import {Numbers} from "./Numbers.sol";
import {SchemaCode} from "./SchemaCode.sol";
import {TensorLib} from "./TensorLib.sol";

/// @notice Whose answers a front takes. Fixed at its deployment: contracts that need other terms use another front.
struct FrontTerms {
    /// Token wei; a result that costs more is refused.
    uint256 maxFee;
    /// Token wei of active stake; never below what release and network demand.
    uint256 minStake;
    /// 0 = any operator.
    uint32 operatorId;
}

/// @title SolidML
/// @notice Owns the schemas of releases, which anyone may register. It holds no money and no right, so anyone may
/// deploy one with terms of its own. It trusts hub and pipe.
/// @dev Contracts written for the published interface cannot say for whom they act, so it is the account that sent the
/// transaction, or the executor of `IPipe.execute` inside one: results that it loaded answer, and it has paid.
contract SolidML is ISolidML, IReleaseSchemas {
    IModelHub public immutable HUB;
    IPipe public immutable PIPE;
    uint256 public immutable MAX_FEE;
    uint256 public immutable MIN_STAKE;
    uint32 public immutable OPERATOR_ID;
    address private immutable _executor;

    mapping(ReleaseId release => address holder) private _schemaOfRelease;
    mapping(bytes32 schemaHash => address holder) private _schemas;

    constructor(IModelHub hub, IPipe pipe, FrontTerms memory terms) {
        (HUB, PIPE, _executor) = (hub, pipe, pipe.executor());
        (MAX_FEE, MIN_STAKE, OPERATOR_ID) = (terms.maxFee, terms.minStake, terms.operatorId);
    }

    /// @inheritdoc ISolidML
    function runModelInference(ModelInferenceRequest calldata request) external returns (ModelOutput memory) {
        return _infer(request.modelCID, uint8(request.mode), request.input);
    }

    /// @inheritdoc ISolidML
    function run(
        string calldata modelId,
        uint8 mode,
        ModelInput calldata input
    ) external returns (ModelOutput memory output) {
        require(mode & MODE_MASK <= uint8(type(ModelInferenceMode).max), ModeUnknown(mode));
        output = _infer(modelId, mode, input);
        emit InferenceResult(output);
    }

    /// @inheritdoc IReleaseSchemas
    function registerSchema(ReleaseId release, TensorSpec[] calldata inputs, TensorSpec[] calldata outputs) external {
        // Repeating it is no error: whoever registers first must not break another's transaction.
        if (isRegistered(release)) return;
        bytes32 expected = HUB.recordOf(release).schemaHash;
        bytes32 schemaHash = keccak256(abi.encode(inputs, outputs));
        require(schemaHash == expected, SchemaMismatch(release, schemaHash, expected));

        address holder = _schemas[schemaHash];
        if (holder == address(0)) {
            holder = SchemaCode.write(inputs, outputs);
            _schemas[schemaHash] = holder;
        }
        _schemaOfRelease[release] = holder;
        emit SchemaRegistered(release, schemaHash);
    }

    /// @inheritdoc IReleaseSchemas
    function schemaOf(ReleaseId release) public view returns (TensorSpec[] memory inputs, TensorSpec[] memory outputs) {
        address holder = _schemaOfRelease[release];
        require(holder != address(0), SchemaNotRegistered(release));
        return SchemaCode.read(holder);
    }

    /// @inheritdoc IReleaseSchemas
    function isRegistered(ReleaseId release) public view returns (bool) {
        return _schemaOfRelease[release] != address(0);
    }

    /// @inheritdoc IReleaseSchemas
    function releaseOf(string calldata modelId) public view returns (ReleaseId release) {
        if (!ModelIds.isVersion(modelId)) {
            (release, ) = HUB.releaseByContentId(modelId);
            return release;
        }
        (bool valid, ModelIds.Version memory version) = ModelIds.parse(modelId);
        require(valid, ModelVersionInvalid(modelId));
        return HUB.releaseAt(modelIdOf(version.publisher, version.name), version.major, version.minor);
    }

    function _infer(
        string calldata modelId,
        uint8 mode,
        ModelInput calldata input
    ) private returns (ModelOutput memory output) {
        ReleaseId release = releaseOf(modelId);
        (TensorSpec[] memory inputs, TensorSpec[] memory outputs) = schemaOf(release);
        InferenceQuery memory query = InferenceQuery({
            release: release,
            codec: CODEC_TENSORS,
            cover: NO_COVER,
            modes: uint8(1 << (mode & MODE_MASK)) | (mode & ~MODE_MASK),
            operatorId: OPERATOR_ID,
            maxFee: MAX_FEE,
            minStake: MIN_STAKE,
            input: _encode(input, inputs)
        });
        output.numbers = _decode(PIPE.infer(query, _account(), ""), outputs);
    }

    /// @dev Inputs are found by name, in any order.
    function _encode(ModelInput calldata input, TensorSpec[] memory specs) private pure returns (bytes memory) {
        require(input.strings.length == 0, Dtype.TensorStringsRefused());
        TensorLib.MultiDimensionalNumberTensor[] calldata numbers = input.numbers;
        Tensor[] memory tensors = new Tensor[](specs.length);
        for (uint256 i; i < numbers.length; ++i) {
            uint256 index = _indexOf(numbers[i].name, specs, i);
            // Every dtype has a number above zero, so a zero marks an input not given yet.
            bool isNew = index < specs.length && tensors[index].dtype == 0;
            require(isNew, ModelInputUnknown(numbers[i].name));
            tensors[index] = Numbers.toTensor(numbers[i], specs[index]);
        }
        for (uint256 i; i < specs.length; ++i) require(tensors[i].dtype != 0, ModelInputMissing(specs[i].name));
        return TensorCodec.encode(tensors);
    }

    function _decode(
        bytes memory encoded,
        TensorSpec[] memory specs
    ) private pure returns (TensorLib.MultiDimensionalNumberTensor[] memory numbers) {
        Tensor[] memory tensors = TensorCodec.decode(encoded);
        require(tensors.length == specs.length, TensorCodec.TensorCountWrong(tensors.length, specs.length));
        numbers = new TensorLib.MultiDimensionalNumberTensor[](specs.length);
        for (uint256 i; i < specs.length; ++i) {
            TensorRules.requireLike(tensors[i], specs[i].dtype, specs[i].shape);
            numbers[i] = Numbers.fromTensor(tensors[i], specs[i].name);
        }
    }

    /// @dev Looks first where it is expected; the number of specs when there is none.
    function _indexOf(
        string calldata name,
        TensorSpec[] memory specs,
        uint256 expected
    ) private pure returns (uint256) {
        bytes32 hash = keccak256(bytes(name));
        if (expected < specs.length && keccak256(bytes(specs[expected].name)) == hash) return expected;
        for (uint256 i; i < specs.length; ++i) {
            if (keccak256(bytes(specs[i].name)) == hash) return i;
        }
        return specs.length;
    }

    function _account() private view returns (address) {
        // What `tx.origin` decides is only whose loaded and paid results answer; it gives no right to anyone.
        // solhint-disable-next-line avoid-tx-origin
        return PIPE.isExecuting() ? _executor : tx.origin;
    }
}
